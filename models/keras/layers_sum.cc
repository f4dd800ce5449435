// Dense layers. Keras kernels are [in, out].
#include <cmath>

#include "engine/base/error.h"
#include "models/keras/activations.h"
#include "models/keras/layers.h"
#include "models/keras/sums.h"

namespace netsurf::keras {
namespace {

constexpr int kMostUnits = 1 << 24;

/// A dense layer acts on the last axis: on an image it is a convolution with a window of one pixel.
Tensor append_dense(LayerCall& call, const Tensor& in, int units, const QuantizedTensor& kernel) {
  size_t features = static_cast<size_t>(in.sizes.back()), outs = static_cast<size_t>(units);
  bool is_image = in.sizes.size() > 1;
  foreign::Node node = node_of(is_image ? foreign::Op::conv2d : foreign::Op::dense);
  Shape shape = {units, in.sizes.back()};
  if (is_image) shape = {units, 1, 1, in.sizes.back()};
  node.constant = arrange(call, kernel, units, shape, "kernel",
                          [features, outs](size_t i) { return (i % features) * outs + i / features; });
  std::vector<int> sizes = in.sizes;
  sizes.back() = units;
  return call.append({in}, std::move(node), "kernel", sizes);
}

Tensor build_dense(LayerCall& call, bool has_norm, Dialect dialect) {
  const Tensor& in = call.input();
  int units = call.config.integer("units", 1, kMostUnits);
  StoredTensor kernel = call.weight("kernel", 0, {in.sizes.back(), units});
  std::optional<FoldedNorm> norm;
  if (has_norm) {
    norm = read_norm(call, units);
    for (size_t i = 0; i < kernel.values.size(); ++i)
      kernel.values[i] *= norm->factor[i % norm->factor.size()];
  }
  Tensor out = append_dense(call, in, units, quantize(call, "kernel_quantizer", kernel, WeightRole::kernel));
  out = append_bias(call, out, units, 1, norm);
  return apply_activation(call, out, "activation", dialect);
}

/// TernaryDense and BinaryDense of the layers that QKeras grew from: H times a ternary or binary value of
/// kernel / H.
Tensor build_constrained_dense(LayerCall& call, bool ternary) {
  const Tensor& in = call.input();
  int units = call.config.integer("units", 1, kMostUnits);
  const StoredTensor& kernel = call.weight("kernel", 0, {in.sizes.back(), units});
  float scale = static_cast<float>(call.config.number("H", 1));
  if (!(scale > 0)) call.fail("H", "is not above 0");
  QuantizedTensor quantized;
  quantized.quantizer.emplace();
  foreign::Quantizer& quantizer = *quantized.quantizer;
  quantizer.scale = {scale};
  quantizer.bits = ternary ? 2 : 1;
  quantizer.is_signed = ternary;
  quantizer.bipolar = !ternary;
  quantizer.low = ternary ? -1 : 0;
  quantizer.high = 1;
  quantizer.rounding = core::Rounding::half_down;
  for (float value : kernel.values) {
    float x = value / scale;
    quantized.codes.push_back(ternary ? (x > 0.5f ? 1 : x <= -0.5f ? -1 : 0) : (x > 0 ? 1 : 0));
  }
  call.assume(ternary ? "kernel values are H for w / H > 1/2, -H for w / H <= -1/2, else 0, as in the source "
                        "of TernaryDense"
                      : "kernel values are H for w > 0, else -H, as in the source of BinaryDense");
  Tensor out = append_dense(call, in, units, quantized);
  out = append_bias(call, out, units, 1, {});
  return apply_activation(call, out, "activation", Dialect::keras);
}

Tensor dense(LayerCall& call) { return build_dense(call, false, Dialect::keras); }
Tensor q_dense(LayerCall& call) { return build_dense(call, false, Dialect::qkeras); }
Tensor q_dense_batchnorm(LayerCall& call) { return build_dense(call, true, Dialect::qkeras); }
Tensor ternary_dense(LayerCall& call) { return build_constrained_dense(call, true); }
Tensor binary_dense(LayerCall& call) { return build_constrained_dense(call, false); }

constexpr LayerRow kRows[] = {
    {"Dense", dense},
    {"QDense", q_dense},
    {"QDenseBatchnorm", q_dense_batchnorm},
    {"TernaryDense", ternary_dense},
    {"BinaryDense", binary_dense},
};

}  // namespace

std::span<const LayerRow> sum_layers() { return kRows; }

}  // namespace netsurf::keras
