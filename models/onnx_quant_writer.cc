#include "models/onnx_quant_writer.h"

#include <algorithm>

#include "engine/base/error.h"
#include "models/onnx_layout.h"

namespace netsurf {

OnnxQuantWriter::OnnxQuantWriter(const Model& model, bool is_strict, OnnxWriter& writer,
                                 OnnxProperty& property)
    : model_(model), is_strict_(is_strict), writer_(writer), property_(property) {
  for (const Layer& layer : model.layers()) layer_tensors_.push_back(claim(layer.name));
  for (const Parameter& parameter : model.parameters()) stored_.push_back({claim(parameter.name), "", {}});
}

std::string OnnxQuantWriter::claim(const std::string& name) {
  if (!is_utf8(name)) {
    throw InputError("the model cannot be saved: the name of a layer or parameter is not UTF-8 text");
  }
  std::string tensor = writer_.claim(name);
  if (tensor != name) property_.names[tensor] = name;
  return tensor;
}

void OnnxQuantWriter::refuse(const std::string& what, const std::string& why) const {
  throw InputError("\"" + what + "\" cannot be expressed in plain QONNX: " + why + "; save without strict");
}

void OnnxQuantWriter::quant(const std::string& x, const Format& format, const std::string& output) {
  if (format.bits == 1 && format.is_signed) {
    if (is_strict_) refuse(output, "a signed one-bit Quant means -1 and +1 there, not 0 and -1");
    property_.one_bit.insert(output);
  }
  auto scalar = [&](const char* suffix, double value) {
    return writer_.floats(writer_.claim(output + suffix), {}, {static_cast<float>(value)});
  };
  std::string scale = scalar("_scale", format.step()), zero = scalar("_zeropt", 0),
              bits = scalar("_bitwidth", format.bits);
  auto& node = writer_.node("Quant", {x, scale, zero, bits}, output);
  node.set_domain(std::string(kQuantDomain));
  set_attribute(node, "signed", format.is_signed ? 1 : 0);
  set_attribute(node, "narrow", 0);
  set_attribute(node, "rounding_mode", std::string("ROUND"));
}

void OnnxQuantWriter::write_mask(const Parameter& parameter, const std::string& initializer,
                                 const std::vector<size_t>& order) {
  if (parameter.pruned.empty()) return;
  if (is_strict_) refuse(parameter.name, "which of its weights are pruned has no place there");
  std::vector<uint8_t> flags(order.size());
  for (size_t i = 0; i < order.size(); ++i) flags[i] = parameter.pruned[order[i]];
  property_.pruned[initializer] = pack_flags(flags);
}

std::string OnnxQuantWriter::write_values(const Parameter& parameter, const std::string& initializer,
                                          const std::vector<int64_t>& dims,
                                          const std::vector<size_t>& order) {
  std::vector<double> exact(order.size());
  for (size_t i = 0; i < order.size(); ++i) exact[i] = parameter.codes[order[i]] * parameter.format.step();
  std::vector<float> rounded(exact.begin(), exact.end());
  auto is_equal = [](double a, float b) { return a == static_cast<double>(b); };
  if (std::equal(exact.begin(), exact.end(), rounded.begin(), is_equal))
    return writer_.floats(initializer, dims, rounded);
  if (is_strict_) refuse(parameter.name, "float32 does not hold its codes exactly");
  std::string cast = writer_.claim(initializer + "_float32");
  set_attribute(writer_.node("Cast", {writer_.doubles(initializer, dims, exact)}, cast), "to",
                int64_t{onnx::TensorProto::FLOAT});
  writer_.shape(cast, dims, false);
  return cast;
}

std::string OnnxQuantWriter::parameter(int index, const std::vector<int64_t>& dims,
                                       std::span<const int> axes) {
  Stored& stored = stored_[static_cast<size_t>(index)];
  if (stored.tensor.empty()) {
    const Parameter& parameter = model_.parameters()[static_cast<size_t>(index)];
    std::vector<size_t> order = transposed_order(parameter.shape, axes);
    write_mask(parameter, stored.initializer, order);
    std::string x = write_values(parameter, stored.initializer, dims, order);
    stored.tensor = writer_.claim(stored.initializer + "_quant");
    stored.dims = dims;
    quant(x, parameter.format, stored.tensor);
    writer_.shape(stored.tensor, dims, false);
  }
  if (stored.dims == dims) return stored.tensor;
  std::string sizes = writer_.integers(writer_.claim(stored.tensor + "_shape"), dims);
  std::string reshaped = writer_.claim(stored.tensor + "_reshaped");
  writer_.node("Reshape", {stored.tensor, sizes}, reshaped);
  writer_.shape(reshaped, dims, false);
  return reshaped;
}

}  // namespace netsurf
