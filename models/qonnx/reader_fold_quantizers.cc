// Quantizers of constants. The numbers stay as the file has them; what they are quantized by is noted beside
// them.
#include <algorithm>
#include <cmath>

#include "models/qonnx/reader_fold.h"
#include "models/qonnx/reader_quantizer.h"

namespace netsurf::qonnx {
namespace {

/// The tensor with a grid broadcast against it.
Tensor quantized(const Tensor& tensor, Grid grid, Budget& budget) {
  if (!budget.take(tensor.numbers.size())) throw Complaint("makes the constants of the file too large");
  Tensor result = plain(tensor);
  grid.sizes = with_rank(grid.sizes, result.sizes.size());
  bool fits = grid.sizes.size() == result.sizes.size();
  for (size_t i = 0; fits && i < grid.sizes.size(); ++i)
    fits = grid.sizes[i] == 1 || grid.sizes[i] == result.sizes[i];
  if (!fits) {
    throw Complaint("has a scale of sizes " + sizes_text(grid.sizes) + " for a constant of sizes " +
                    sizes_text(result.sizes));
  }
  for (double value : result.numbers) {
    if (!std::isfinite(value)) throw Complaint("quantizes a constant with a number that is not finite");
  }
  result.grid = std::move(grid);
  return result;
}

}  // namespace

Tensor fold_quant(const Operator& op, const Constants& inputs, Budget& budget) {
  return quantized(*inputs[0], quant_grid(op, plain(*inputs[1]), plain(*inputs[2]), plain(*inputs[3])),
                   budget);
}

Tensor fold_bipolar_quant(const Operator&, const Constants& inputs, Budget& budget) {
  return quantized(*inputs[0], bipolar_grid(plain(*inputs[1])), budget);
}

Tensor fold_quantize_linear(const Operator& op, const Constants& inputs, Budget& budget) {
  const Tensor& x = *inputs[0];
  Grid grid = linear_grid(op, x.sizes, plain(*inputs[1]), inputs.size() > 2 ? inputs[2] : nullptr);
  Tensor result = quantized(x, std::move(grid), budget);
  const Grid& by = *result.grid;
  std::vector<int64_t> at = broadcast_index(result.sizes, by.sizes);
  for (size_t i = 0; i < result.numbers.size(); ++i) {
    auto g = static_cast<size_t>(at[i]);
    float steps = static_cast<float>(result.numbers[i]) / static_cast<float>(by.scale[g]);
    double code = rounded(static_cast<double>(steps), core::Rounding::half_even) + by.zero_point[g];
    result.numbers[i] =
        std::clamp(code, static_cast<double>(by.quantizer.low), static_cast<double>(by.quantizer.high));
  }
  result.is_real = false;
  result.bits = by.quantizer.bits;
  result.is_signed = by.quantizer.is_signed;
  result.grid.reset();
  return result;
}

Tensor fold_dequantize_linear(const Operator& op, const Constants& inputs, Budget& budget) {
  const Tensor& codes = *inputs[0];
  if (codes.is_real || codes.bits > 32)
    throw Complaint("dequantizes a constant of another type than int8, uint8, int16, uint16 or int32");
  const Tensor* zero_point = inputs.size() > 2 ? inputs[2] : nullptr;
  Grid grid = linear_grid(op, codes.sizes, plain(*inputs[1]), zero_point);
  grid.quantizer.bits = codes.bits;
  grid.quantizer.is_signed = codes.is_signed;
  grid.quantizer.set_full_range();
  if (codes.grid.has_value()) narrow(grid.quantizer, codes.grid->quantizer.low, codes.grid->quantizer.high);
  grid.holds_codes = true;
  Tensor bare = codes;
  bare.grid.reset();
  Tensor result = quantized(bare, std::move(grid), budget);
  result.is_real = true;
  return result;
}

Tensor fold_clip(const Operator& op, const Constants& inputs, Budget& budget) {
  const Tensor& x = *inputs[0];
  if (!budget.take(x.numbers.size())) throw Complaint("makes the constants of the file too large");
  auto [low, high] =
      clip_bounds(op, inputs.size() > 1 ? inputs[1] : nullptr, inputs.size() > 2 ? inputs[2] : nullptr);
  Tensor result = x.is_real ? plain(x) : x;
  for (double& value : result.numbers) value = std::clamp(value, low, high);
  if (x.is_real) return result;
  // Codes between QuantizeLinear and DequantizeLinear: the range is part of the quantizer.
  Grid grid;
  grid.holds_codes = true;
  grid.sizes.assign(x.sizes.size(), 1);
  grid.scale = {1};
  grid.zero_point = {0};
  grid.quantizer.bits = std::min(x.bits, 32);
  grid.quantizer.is_signed = x.is_signed;
  grid.quantizer.set_full_range();
  clip_codes(grid.quantizer, low, high);
  result.grid = std::move(grid);
  return result;
}

}  // namespace netsurf::qonnx
