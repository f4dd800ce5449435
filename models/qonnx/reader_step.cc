#include "models/qonnx/reader_step.h"

#include <algorithm>
#include <cmath>

#include "models/qonnx/reader_quantizer.h"

namespace netsurf::qonnx {

bool Step::is_constant(size_t i) const {
  return is_given(i) && std::holds_alternative<std::shared_ptr<const Tensor>>(*inputs[i]);
}

const View& Step::any_view(size_t i) const {
  if (!is_given(i)) throw Complaint("leaves input " + std::to_string(i) + " out");
  const View* view = std::get_if<View>(inputs[i]);
  if (view == nullptr)
    throw Complaint("reads constant " + input_name(i) + " where a computed tensor is expected");
  return *view;
}

const View& Step::view(size_t i) const {
  const View& view = any_view(i);
  if (view.codes_of.has_value())
    throw Complaint("computes with the codes of a QuantizeLinear, expected a DequantizeLinear before it");
  if (view.is_prediction)
    throw Complaint("computes with the prediction of an ArgMax or TopK, which may only stand last");
  return view;
}

const Tensor& Step::constant(size_t i, const std::string& what) const {
  if (!is_given(i)) throw Complaint("has no " + what);
  if (!is_constant(i))
    throw Complaint("has a " + what + " that is computed (" + input_name(i) + "), expected a constant");
  return *std::get<std::shared_ptr<const Tensor>>(*inputs[i]);
}

const Tensor* Step::optional_constant(size_t i, const std::string& what) const {
  return is_given(i) ? &constant(i, what) : nullptr;
}

Tensor Step::weights(size_t i, const std::string& what) const {
  Tensor tensor = constant(i, what);
  if (tensor.grid.has_value()) return tensor;
  std::optional<foreign::Quantizer> quantizer = noted_quantizer(source.data_type(tensor.name));
  if (!quantizer.has_value()) return tensor;
  auto fits = [&](double value) {
    if (quantizer->bipolar) return value == 1 || value == -1;
    return value == std::floor(value) && value >= static_cast<double>(quantizer->low) &&
           value <= static_cast<double>(quantizer->high);
  };
  if (!std::all_of(tensor.numbers.begin(), tensor.numbers.end(), fits)) {
    make.assume("constant " + quote(tensor.name) + " does not hold the " +
                quote(source.data_type(tensor.name)) + " that the file notes for it: read as floats");
    return tensor;
  }
  tensor.grid = Grid{*quantizer, Sizes(tensor.sizes.size(), 1), {1}, {0}, false};
  return tensor;
}

}  // namespace netsurf::qonnx
