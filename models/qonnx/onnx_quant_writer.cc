#include "models/qonnx/onnx_quant_writer.h"

#include <algorithm>

#include "engine/base/error.h"
#include "models/qonnx/onnx_layout.h"

namespace netsurf {

OnnxQuantWriter::OnnxQuantWriter(const Model& model, bool is_strict, OnnxWriter& writer,
                                 OnnxProperty& property)
    : model_(model), is_strict_(is_strict), writer_(writer), property_(property) {
  for (const Layer& layer : model.layers()) layer_tensors_.push_back(claim(layer.name));
  for (const Parameter& parameter : model.parameters())
    stored_.push_back({claim(parameter.name), "", {}, {}});
}

std::string OnnxQuantWriter::claim(const std::string& name) {
  if (!is_utf8(name)) {
    throw InputError("the model cannot be saved: the name of a layer or parameter is not UTF-8 text");
  }
  std::string tensor = writer_.claim(name);
  if (tensor != name) property_.names[tensor] = name;
  return tensor;
}

void OnnxQuantWriter::expect_not_strict(const std::string& what, const std::string& why) const {
  if (!is_strict_) return;
  throw InputError("\"" + what + "\" cannot be expressed in plain QONNX: " + why + "; save without strict");
}

std::string OnnxQuantWriter::scalar(const std::string& name, double value) {
  if (static_cast<double>(static_cast<float>(value)) != value)
    return writer_.doubles(writer_.claim(name), {}, {value});
  return writer_.floats(writer_.claim(name), {}, {static_cast<float>(value)});
}

void OnnxQuantWriter::quant(const std::string& x, const Format& format, const std::string& output,
                            const QuantAttributes& attributes) {
  bool is_one_bit = format.bits == 1 && format.is_signed;
  if (is_one_bit) {
    expect_not_strict(output, "a signed format of one bit means -1 and +1 there, not 0 and -1");
    property_.one_bit.insert(output);
  }
  std::string scale = scalar(output + "_scale", format.step()),
              zero = scalar(output + "_zeropt", attributes.zero_point),
              bits = scalar(output + "_bitwidth", is_one_bit ? 2 : format.bits);
  auto& node = writer_.node("Quant", {x, scale, zero, bits}, output);
  node.set_domain(std::string(kQuantDomain));
  set_attribute(node, "signed", format.is_signed ? 1 : 0);
  set_attribute(node, "narrow", attributes.is_narrow ? 1 : 0);
  set_attribute(node, "rounding_mode", std::string(attributes.rounding_mode));
}

void OnnxQuantWriter::write_mask(const Parameter& parameter, const std::string& initializer,
                                 const std::vector<size_t>& order) {
  if (parameter.pruned.empty()) return;
  expect_not_strict(parameter.name, "which of its weights are pruned has no place there");
  std::vector<uint8_t> flags(order.size());
  for (size_t i = 0; i < order.size(); ++i) flags[i] = parameter.pruned[order[i]];
  property_.pruned[initializer] = pack_flags(flags);
}

std::string OnnxQuantWriter::write_values(const Parameter& parameter, const std::string& initializer,
                                          const std::vector<int64_t>& dims,
                                          const std::vector<size_t>& order) {
  std::vector<double> exact(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    exact[i] = parameter.operand(parameter.codes[order[i]]) * parameter.format.step();
  std::vector<float> rounded(exact.begin(), exact.end());
  auto is_equal = [](double a, float b) { return a == static_cast<double>(b); };
  if (std::equal(exact.begin(), exact.end(), rounded.begin(), is_equal))
    return writer_.floats(initializer, dims, rounded);
  expect_not_strict(parameter.name, "float32 does not hold its codes exactly");
  std::string cast = writer_.claim(initializer + "_float32");
  set_attribute(writer_.node("Cast", {writer_.doubles(initializer, dims, exact)}, cast), "to",
                int64_t{onnx::TensorProto::FLOAT});
  writer_.shape(cast, dims, false);
  return cast;
}

std::string OnnxQuantWriter::write_quantizer(const Parameter& parameter, const std::string& initializer,
                                             const std::string& x) {
  if (parameter.constant) {
    property_.constants[initializer] = {parameter.format, parameter.zero_point, parameter.bipolar};
    return x;
  }
  std::string tensor = writer_.claim(initializer + "_quant");
  if (parameter.bipolar) {
    std::string scale = scalar(tensor + "_scale", parameter.format.step());
    writer_.node("BipolarQuant", {x, scale}, tensor).set_domain(std::string(kQuantDomain));
  } else {
    quant(x, parameter.format, tensor, {.zero_point = parameter.zero_point});
  }
  return tensor;
}

std::string OnnxQuantWriter::seen_as(const Stored& stored, const std::vector<int64_t>& dims,
                                     std::span<const int> axes) {
  bool is_turned = !std::equal(axes.begin(), axes.end(), stored.axes.begin(), stored.axes.end());
  std::string seen = writer_.claim(stored.tensor + (is_turned ? "_transposed" : "_reshaped"));
  if (is_turned) {
    std::vector<int64_t> perm;
    for (int axis : axes)
      perm.push_back(std::find(stored.axes.begin(), stored.axes.end(), axis) - stored.axes.begin());
    set_attribute(writer_.node("Transpose", {stored.tensor}, seen), "perm", perm);
  } else {
    writer_.node("Reshape", {stored.tensor, writer_.integers(writer_.claim(stored.tensor + "_shape"), dims)},
                 seen);
  }
  writer_.shape(seen, dims, false);
  return seen;
}

std::string OnnxQuantWriter::parameter(int index, const std::vector<int64_t>& dims,
                                       std::span<const int> axes) {
  Stored& stored = stored_[static_cast<size_t>(index)];
  if (stored.tensor.empty()) {
    const Parameter& parameter = model_.parameters()[static_cast<size_t>(index)];
    std::vector<size_t> order = transposed_order(parameter.shape, axes);
    write_mask(parameter, stored.initializer, order);
    std::string x = write_values(parameter, stored.initializer, dims, order);
    stored.tensor = write_quantizer(parameter, stored.initializer, x);
    stored.dims = dims;
    stored.axes.assign(axes.begin(), axes.end());
    if (!parameter.constant) writer_.shape(stored.tensor, dims, false);
    return stored.tensor;
  }
  bool is_same =
      stored.dims == dims && std::equal(axes.begin(), axes.end(), stored.axes.begin(), stored.axes.end());
  return is_same ? stored.tensor : seen_as(stored, dims, axes);
}

}  // namespace netsurf
