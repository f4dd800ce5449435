#include "engine/model/type_rules.h"

#include <algorithm>

#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr int kMaxFracBits = 62;

}  // namespace

void TypeScope::refuse(const std::string& why) const {
  throw InputError("layer \"" + layer.name + "\" (" + std::string(name_of(layer.kind)) + "): " + why);
}

void TypeScope::expect_inputs(size_t at_least, size_t at_most) const {
  if (inputs.size() < at_least || inputs.size() > at_most) {
    refuse("reads " + std::to_string(inputs.size()) + " layers, expected " + std::to_string(at_least) +
           (at_most > at_least ? " or more" : ""));
  }
}

const Parameter* TypeScope::parameter(int index, const char* role, const Shape& shape,
                                      bool is_required) const {
  if (index < 0) {
    if (is_required) refuse(std::string("has no ") + role);
    return nullptr;
  }
  const Parameter& found = parameters[static_cast<size_t>(index)];
  if (found.shape != shape) {
    refuse(std::string(role) + " has shape " + shape_text(found.shape) + ", expected " + shape_text(shape));
  }
  return &found;
}

const TensorType& TypeScope::narrow_input() const {
  const TensorType& in = *inputs[0];
  if (!in.is_narrow()) {
    refuse("reads codes in [" + std::to_string(in.low) + ", " + std::to_string(in.high) +
           "], expected at most " + std::to_string(kMaxActivationBits) +
           " bits; put an activation (linear, relu, ...) in front of it");
  }
  return in;
}

void TypeScope::expect_image(const TensorType& in) const {
  if (in.shape.size() != 3)
    refuse("reads shape " + shape_text(in.shape) + ", expected height x width x channels");
}

TensorType TypeScope::finish(Shape shape, int frac_bits, WideBound bound) const {
  if (bound > kMaxBound)
    refuse("its sums may need more than 62 bits when bits flip; use fewer bits or a smaller layer");
  if (frac_bits < -kMaxFracBits || frac_bits > kMaxFracBits) {
    refuse("its codes have " + std::to_string(frac_bits) + " fraction bits, expected -62 to 62");
  }
  if (num_elements(shape) > kMaxElements || num_elements(shape) <= 0)
    refuse("its output has shape " + shape_text(shape));
  auto b = static_cast<int64_t>(bound);
  return TensorType{std::move(shape), frac_bits, -b, b, b};
}

WideBound TypeScope::shifted(WideBound value, int shift) const {
  if (shift > 62 && value != 0) refuse("its summands differ by " + std::to_string(shift) + " fraction bits");
  return value == 0 ? 0 : std::min(value << std::min(shift, 62), kMaxBound + 1);
}

int64_t magnitude(const TensorType& type) { return std::max(type.high, -type.low); }

}  // namespace netsurf
