// What dense and convolution layers share: kernels and biases from the file, batch norms folded into them,
// quantizers applied, and the engine's layout.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/keras/builder.h"
#include "models/keras/quantized_constant.h"

namespace netsurf::keras {

/// A batch norm as a factor and what its bias becomes, in float32 and in QKeras's order:
/// factor = gamma rsqrt(variance + epsilon); bias' = factor (bias - mean) + beta.
struct FoldedNorm {
  std::vector<float> factor, mean, beta;
};

/// Reads the batch norm inside a Q...Batchnorm layer of `channels` channels.
FoldedNorm read_norm(LayerCall& call, int channels);

/// `tensor` through the quantizer of attribute `attribute`, if there is one; its assumptions go into the
/// graph.
QuantizedTensor quantize(LayerCall& call, const std::string& attribute, const StoredTensor& tensor,
                         WeightRole role);

/// The tensor in the engine's layout: element i is element source(i) in Keras's. Throws FormatError when one
/// output channel (axis 0 of `shape`) would have several scales.
foreign::Constant arrange(const LayerCall& call, const QuantizedTensor& tensor, int last_axis, Shape shape,
                          const std::string& part, const std::function<size_t(size_t)>& source);

/// Adds the bias of `channels` elements, where the layer has one or a norm makes one; `number` is its place
/// in Keras 3.
Tensor append_bias(LayerCall& call, const Tensor& tensor, int channels, int number,
                   const std::optional<FoldedNorm>& norm);

/// 1 / sqrt(x) as TensorFlow's float32 rsqrt rounds it.
float reciprocal_root(float x);

}  // namespace netsurf::keras
