// What a QKeras quantizer makes of stored weights: the codes the network computes with, in Keras's own
// layout.
#pragma once

#include <optional>
#include <vector>

#include "models/foreign/graph.h"
#include "models/keras/hdf5_content.h"
#include "models/keras/quantizer_spec.h"

namespace netsurf::keras {

/// A tensor in Keras's layout. Scales are one, or one per element of the last axis (of a bias: per element).
struct QuantizedTensor {
  std::vector<float> values;   // empty when `codes` are given
  std::vector<int32_t> codes;  // where the quantizer's own arithmetic is not clamp(round(x / scale))
  std::optional<foreign::Quantizer> quantizer;
  std::vector<std::string> assumptions;  // what the file leaves open, without the layer's name
};

enum class WeightRole { kernel, bias };

/// Applies the quantizer as QKeras does at inference, in float32. QKeras turns a kernel quantizer's missing
/// alpha into auto_po2, not a bias's. Throws FormatError naming quantizer and argument for what NetSurf does
/// not take.
QuantizedTensor quantize_weights(const QuantizerSpec& spec, const StoredTensor& tensor, WeightRole role);

/// Why a quantizer or activation of this name is refused, or "" when it is not known at all.
std::string_view refusal_of(std::string_view name);
/// Throws FormatError: refused by name with the reason, or unknown.
[[noreturn]] void refuse_quantizer(const QuantizerSpec& spec);

/// The fixed-point quantizer that quantized_bits and quantized_linear share, with alpha 1: bits, integer,
/// symmetric, keep_negative. bits = keep_negative = 1 is bipolar. Throws FormatError for formats out of
/// range.
foreign::Quantizer fixed_point(const QuantizerSpec& spec, bool symmetric_by_default);

}  // namespace netsurf::keras
