#include "models/keras/sums.h"

#include <cmath>

#include "engine/base/error.h"

namespace netsurf::keras {

float reciprocal_root(float x) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(x))); }

FoldedNorm read_norm(LayerCall& call, int channels) {
  const std::string child = "batchnorm";
  float epsilon = static_cast<float>(call.config.number("epsilon", 0.001));
  int number = 0;
  FoldedNorm norm;
  std::vector<float> gamma(static_cast<size_t>(channels), 1.0f);
  if (call.config.flag("scale", true)) gamma = call.weight("gamma", number++, {channels}, child).values;
  norm.beta.assign(static_cast<size_t>(channels), 0.0f);
  if (call.config.flag("center", true)) norm.beta = call.weight("beta", number++, {channels}, child).values;
  norm.mean = call.weight("moving_mean", number++, {channels}, child).values;
  const StoredTensor& variance = call.weight("moving_variance", number, {channels}, child);
  for (size_t c = 0; c < gamma.size(); ++c) {
    float shifted = variance.values[c] + epsilon;
    if (!(shifted > 0)) call.fail("moving_variance", "plus epsilon is not above 0");
    norm.factor.push_back(reciprocal_root(shifted) * gamma[c]);
  }
  call.builder.graph.folded.push_back("batch norm inside " + call.name() +
                                      " into its kernel and bias, then quantized");
  return norm;
}

QuantizedTensor quantize(LayerCall& call, const std::string& attribute, const StoredTensor& tensor,
                         WeightRole role) {
  const Json* json = call.config.find(attribute);
  if (json == nullptr) return {tensor.values, {}, {}, {}};
  QuantizerSpec spec = QuantizerSpec::read(*json, call.where() + ": " + attribute);
  QuantizedTensor result = quantize_weights(spec, tensor, role);
  for (const std::string& line : result.assumptions) call.assume(line);
  return result;
}

foreign::Constant arrange(const LayerCall& call, const QuantizedTensor& tensor, int last_axis, Shape shape,
                          const std::string& part, const std::function<size_t(size_t)>& source) {
  foreign::Constant constant;
  constant.name = call.name() + "/" + part;
  constant.quantizer = tensor.quantizer;
  size_t count = static_cast<size_t>(num_elements(shape)),
         per_channel = count / static_cast<size_t>(shape[0]);
  for (size_t i = 0; i < count; ++i) {
    if (tensor.codes.empty()) {
      constant.values.push_back(tensor.values[source(i)]);
    } else {
      constant.codes.push_back(tensor.codes[source(i)]);
    }
  }
  if (tensor.quantizer && tensor.quantizer->scale.size() > 1) {
    std::vector<float>& scales = constant.quantizer->scale;
    scales.clear();
    for (size_t i = 0; i < count; ++i) {
      float scale = tensor.quantizer->scale[source(i) % static_cast<size_t>(last_axis)];
      if (i % per_channel == 0) scales.push_back(scale);
      if (scale != scales.back()) {
        throw FormatError(
            call.where() + ": " + part +
            " has several scales within one output channel, which NetSurf does not take: use a number as "
            "the quantizer's alpha");
      }
    }
  }
  constant.shape = std::move(shape);
  return constant;
}

Tensor append_bias(LayerCall& call, const Tensor& tensor, int channels, int number,
                   const std::optional<FoldedNorm>& norm) {
  bool has_bias = call.config.flag("use_bias", true);
  if (!has_bias && !norm) return tensor;
  StoredTensor bias{{channels}, std::vector<float>(static_cast<size_t>(channels), 0.0f)};
  if (has_bias) bias = call.weight("bias", number, {channels});
  if (norm) {
    for (size_t c = 0; c < bias.values.size(); ++c) {
      bias.values[c] = norm->factor[c] * (bias.values[c] - norm->mean[c]) + norm->beta[c];
    }
  }
  QuantizedTensor quantized = quantize(call, "bias_quantizer", bias, WeightRole::bias);
  foreign::Node node = node_of(foreign::Op::add_constant);
  node.is_learned = true;
  node.constant = arrange(call, quantized, channels, {channels}, "bias", [](size_t i) { return i; });
  return call.append(tensor, std::move(node), "bias");
}

}  // namespace netsurf::keras
