// Arithmetic on constants: float32 as ONNX has it, or whole numbers.
#include <algorithm>
#include <cmath>

#include "models/qonnx/reader_fold.h"

namespace netsurf::qonnx {
namespace {

using Real = float (*)(float, float);
using Whole = double (*)(double, double);

Tensor combined(const Constants& inputs, Budget& budget, Real real, Whole whole) {
  if (inputs.size() != 2 || inputs[0] == nullptr || inputs[1] == nullptr) throw Complaint("needs two inputs");
  if (inputs[0]->is_real != inputs[1]->is_real) throw Complaint("mixes a float and an integer constant");
  if (!inputs[0]->is_real && whole == nullptr)
    throw Complaint("computes with integer constants, expected floats");
  Tensor a = plain(*inputs[0]), b = plain(*inputs[1]);
  size_t rank = std::max(a.sizes.size(), b.sizes.size());
  a.sizes = with_rank(a.sizes, rank);
  b.sizes = with_rank(b.sizes, rank);
  Tensor result = a.numbers.size() >= b.numbers.size() ? a : b;
  for (size_t i = 0; i < rank; ++i) {
    if (a.sizes[i] != b.sizes[i] && a.sizes[i] != 1 && b.sizes[i] != 1)
      throw Complaint("combines constants of sizes " + sizes_text(a.sizes) + " and " + sizes_text(b.sizes));
    result.sizes[i] = a.sizes[i] == 1 ? b.sizes[i] : a.sizes[i];
  }
  int64_t count = count_of(result.sizes);
  if (count < 0 || !budget.take(3 * static_cast<uint64_t>(count)))
    throw Complaint("makes the constants of the file too large");
  std::vector<int64_t> at_a = broadcast_index(result.sizes, a.sizes),
                       at_b = broadcast_index(result.sizes, b.sizes);
  result.numbers.clear();
  for (size_t i = 0; i < at_a.size(); ++i) {
    double x = a.numbers[static_cast<size_t>(at_a[i])], y = b.numbers[static_cast<size_t>(at_b[i])];
    result.numbers.push_back(
        a.is_real ? static_cast<double>(real(static_cast<float>(x), static_cast<float>(y))) : whole(x, y));
  }
  return result;
}

double quotient(double a, double b) {
  if (b == 0) throw Complaint("divides a constant by 0");
  return std::trunc(a / b);
}

}  // namespace

Tensor fold_add(const Operator&, const Constants& inputs, Budget& budget) {
  return combined(
      inputs, budget, [](float a, float b) { return a + b; }, [](double a, double b) { return a + b; });
}

Tensor fold_sub(const Operator&, const Constants& inputs, Budget& budget) {
  return combined(
      inputs, budget, [](float a, float b) { return a - b; }, [](double a, double b) { return a - b; });
}

Tensor fold_mul(const Operator&, const Constants& inputs, Budget& budget) {
  return combined(
      inputs, budget, [](float a, float b) { return a * b; }, [](double a, double b) { return a * b; });
}

Tensor fold_div(const Operator&, const Constants& inputs, Budget& budget) {
  return combined(
      inputs, budget, [](float a, float b) { return a / b; }, quotient);
}

Tensor fold_pow(const Operator&, const Constants& inputs, Budget& budget) {
  // A power of one half is the square root, which is correctly rounded.
  auto power = [](float a, float b) { return b == 0.5F ? std::sqrt(a) : std::pow(a, b); };
  return combined(inputs, budget, power, nullptr);
}

Tensor fold_sqrt(const Operator&, const Constants& inputs, Budget& budget) {
  if (!budget.take(inputs[0]->numbers.size())) throw Complaint("makes the constants of the file too large");
  Tensor result = plain(*inputs[0]);
  for (double& value : result.numbers) value = static_cast<double>(std::sqrt(static_cast<float>(value)));
  return result;
}

Tensor fold_neg(const Operator&, const Constants& inputs, Budget& budget) {
  if (!budget.take(inputs[0]->numbers.size())) throw Complaint("makes the constants of the file too large");
  Tensor result = plain(*inputs[0]);
  for (double& value : result.numbers) value = -value;
  return result;
}

}  // namespace netsurf::qonnx
