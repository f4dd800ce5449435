// What the quantizing operators say: bits, signs, ranges, rounding, as a Grid of constants.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "models/qonnx/reader_operator.h"
#include "models/qonnx/reader_tensor.h"

namespace netsurf::qonnx {

/// The rounding that QONNX calls by this name, in either case. Throws Complaint listing the known ones.
core::Rounding rounding_of(const std::string& name);

/// The one whole number of a constant, in [low, high]. Throws Complaint naming `what`.
int64_t whole(const Tensor& tensor, const std::string& what, int64_t low, int64_t high);

/// Quant, IntQuant. Throws Complaint for a missing attribute, an unknown rounding, scales that are not
/// positive, zero points or bits that are not whole.
Grid quant_grid(const Operator& op, const Tensor& scale, const Tensor& zero_point, const Tensor& bits);
/// BipolarQuant.
Grid bipolar_grid(const Tensor& scale);
/// QuantizeLinear, DequantizeLinear; without a zero point the codes are those of uint8. `sizes` are those of
/// the quantized tensor.
Grid linear_grid(const Operator& op, const Sizes& sizes, const Tensor& scale, const Tensor* zero_point);
/// The quantizer that a `finn_datatype` means: whole numbers in a range. Empty for floats and unknown names.
std::optional<foreign::Quantizer> noted_quantizer(const std::string& data_type);
/// Narrows the codes to [low, high], and the bits to what these need.
void narrow(foreign::Quantizer& quantizer, int64_t low, int64_t high);

/// Clip: its bounds, from inputs (nullptr where left out) or attributes; infinite where it has none.
std::pair<double, double> clip_bounds(const Operator& op, const Tensor* low, const Tensor* high);
/// Clip between QuantizeLinear and DequantizeLinear.
void clip_codes(foreign::Quantizer& quantizer, double low, double high);

}  // namespace netsurf::qonnx
