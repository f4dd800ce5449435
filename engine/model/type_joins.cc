#include "engine/model/type_rules.h"

#include <algorithm>

namespace netsurf {

TensorType type_join(const TypeScope& scope) {
  bool adds = scope.layer.kind == LayerKind::add;
  int frac_bits = scope.inputs[0]->frac_bits;
  for (const TensorType* in : scope.inputs) frac_bits = std::max(frac_bits, in->frac_bits);
  Shape shape = scope.inputs[0]->shape;
  WideBound bound = 0, low = 0, high = 0;
  int channels = 0;
  for (const TensorType* in : scope.inputs) {
    Shape expected = shape;
    if (!adds && in->shape.size() == expected.size()) expected.back() = in->shape.back();
    if (in->shape != expected) {
      scope.refuse("reads shapes " + shape_text(shape) + " and " + shape_text(in->shape) +
                   ", which do not go together");
    }
    channels += in->shape.back();
    int shift = frac_bits - in->frac_bits;
    WideBound one = scope.shifted(magnitude(*in), shift);
    bound = adds ? bound + one : std::max(bound, one);
    if (one > kMaxBound) scope.refuse("its codes may need more than 62 bits when bits flip");
    WideBound in_low = WideBound{in->low} * (WideBound{1} << shift),
              in_high = WideBound{in->high} * (WideBound{1} << shift);
    low = adds ? low + in_low : std::min(low, in_low);
    high = adds ? high + in_high : std::max(high, in_high);
  }
  if (!adds) shape.back() = channels;
  TensorType type = scope.finish(shape, frac_bits, bound);
  type.low = static_cast<int64_t>(low);
  type.high = static_cast<int64_t>(high);
  return type;
}

TensorType type_reshaped(const TypeScope& scope) {
  TensorType type = *scope.inputs[0];
  Shape shape =
      scope.layer.kind == LayerKind::flatten ? Shape{static_cast<int>(type.elements())} : scope.layer.shape;
  bool valid = !shape.empty() && shape.size() <= 3 && *std::min_element(shape.begin(), shape.end()) > 0;
  if (!valid || num_elements(shape) != type.elements()) {
    scope.refuse("cannot make " + shape_text(shape) + " of " + shape_text(type.shape));
  }
  type.shape = shape;
  return type;
}

TensorType type_softmax(const TypeScope& scope) {
  if (scope.inputs[0]->shape.size() != 1)
    scope.refuse("reads shape " + shape_text(scope.inputs[0]->shape) + ", expected scores");
  return *scope.inputs[0];
}

}  // namespace netsurf
