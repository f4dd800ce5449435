#include "models/qonnx/reader_quantizer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "engine/base/text.h"

namespace netsurf::qonnx {
namespace {

constexpr int kMaxBits = 32;
constexpr int64_t kMaxZeroPoint = int64_t{1} << 31;

struct RoundingRow {
  std::string_view name;
  core::Rounding rounding;
};

constexpr std::array kRoundings = {
    RoundingRow{"ROUND", core::Rounding::half_even},
    RoundingRow{"HALF_EVEN", core::Rounding::half_even},
    RoundingRow{"CEIL", core::Rounding::ceil},
    RoundingRow{"FLOOR", core::Rounding::floor},
    RoundingRow{"UP", core::Rounding::away},
    RoundingRow{"DOWN", core::Rounding::to_zero},
    RoundingRow{"HALF_UP", core::Rounding::half_away},
    RoundingRow{"HALF_DOWN", core::Rounding::half_to_zero},
    RoundingRow{"ROUND_TO_ZERO", core::Rounding::to_zero},  // Brevitas' name
};

void check_scale(const Tensor& scale) {
  for (double value : scale.numbers) {
    if (!std::isfinite(value) || !(value > 0))
      throw Complaint("has a scale of " + std::to_string(value) + ", expected a positive number");
  }
  if (scale.numbers.empty()) throw Complaint("has an empty scale");
}

void check_zero_point(const Tensor& zero_point) {
  for (double value : zero_point.numbers) {
    if (value != std::floor(value) || !(std::abs(value) <= static_cast<double>(kMaxZeroPoint)))
      throw Complaint("has a zero point of " + std::to_string(value) +
                      ", expected a whole number of at most 32 bits");
  }
  if (zero_point.numbers.empty()) throw Complaint("has an empty zero point");
}

/// Scale and zero point broadcast against each other.
void set_scale(Grid& grid, const Tensor& scale, const Tensor& zero_point) {
  check_scale(scale);
  check_zero_point(zero_point);
  size_t rank = std::max(scale.sizes.size(), zero_point.sizes.size());
  Sizes a = with_rank(scale.sizes, rank), b = with_rank(zero_point.sizes, rank);
  grid.sizes.assign(rank, 1);
  for (size_t i = 0; i < rank; ++i) {
    if (a[i] != b[i] && a[i] != 1 && b[i] != 1) {
      throw Complaint("has a scale of sizes " + sizes_text(scale.sizes) + " and a zero point of sizes " +
                      sizes_text(zero_point.sizes) + ", which do not fit together");
    }
    grid.sizes[i] = std::max(a[i], b[i]);
  }
  // The larger one bounds the product only if one of them is a single number or both vary alike.
  auto count = static_cast<size_t>(count_of(grid.sizes));
  if (count != std::max(scale.numbers.size(), zero_point.numbers.size()))
    throw Complaint("has a scale and a zero point that vary along different axes");
  for (int64_t i : broadcast_index(grid.sizes, a))
    grid.scale.push_back(scale.numbers[static_cast<size_t>(i)]);
  for (int64_t i : broadcast_index(grid.sizes, b))
    grid.zero_point.push_back(zero_point.numbers[static_cast<size_t>(i)]);
}

Tensor zero() { return Tensor{.sizes = {}, .numbers = {0}, .name = "", .grid = {}}; }

std::optional<int> number_after(std::string_view text, std::string_view prefix) {
  if (text.size() <= prefix.size() || text.size() > prefix.size() + 2 ||
      text.substr(0, prefix.size()) != prefix)
    return std::nullopt;
  int value = 0;
  for (char c : text.substr(prefix.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + (c - '0');
  }
  return value >= 1 && value <= kMaxBits ? std::optional<int>(value) : std::nullopt;
}

}  // namespace

core::Rounding rounding_of(const std::string& name) {
  std::string upper = name;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const RoundingRow& row : kRoundings) {
    if (row.name == upper) return row.rounding;
  }
  std::vector<std::string> known;
  for (const RoundingRow& row : kRoundings) known.emplace_back(row.name);
  throw Complaint("has rounding_mode " + quote(name) +
                  ", which is not supported; known: " + join(known, ", "));
}

int64_t whole(const Tensor& tensor, const std::string& what, int64_t low, int64_t high) {
  if (tensor.numbers.empty()) throw Complaint("has no " + what);
  double value = tensor.numbers[0];
  for (double other : tensor.numbers) {
    if (other != value) throw Complaint("has a " + what + " that varies, expected one number");
  }
  if (value != std::floor(value) || !(value >= static_cast<double>(low)) ||
      !(value <= static_cast<double>(high))) {
    throw Complaint("has a " + what + " of " + std::to_string(value) + ", expected a whole number from " +
                    std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<int64_t>(value);
}

Grid quant_grid(const Operator& op, const Tensor& scale, const Tensor& zero_point, const Tensor& bits) {
  Grid grid;
  foreign::Quantizer& q = grid.quantizer;
  q.is_signed = op.flag("signed");
  bool is_narrow = op.flag("narrow");
  q.rounding = rounding_of(op.text("rounding_mode", "ROUND"));
  q.bits = static_cast<int>(whole(bits, "bitwidth", 1, kMaxBits));
  set_scale(grid, scale, zero_point);
  if (q.bits == 1 && q.is_signed) {
    for (double z : grid.zero_point) {
      if (z != 0) throw Complaint("has one signed bit and a zero point, which has no meaning");
    }
    return bipolar_grid(scale);
  }
  q.set_full_range(is_narrow);
  if (q.low == q.high) throw Complaint("has one bit and a narrow range, which leaves a single code");
  q.rounds_shifted =
      std::any_of(grid.zero_point.begin(), grid.zero_point.end(), [](double z) { return z != 0; });
  return grid;
}

Grid bipolar_grid(const Tensor& scale) {
  Grid grid;
  set_scale(grid, scale, zero());
  grid.quantizer.bits = 1;
  grid.quantizer.is_signed = false;
  grid.quantizer.bipolar = true;
  grid.quantizer.low = 0;
  grid.quantizer.high = 1;
  return grid;
}

Grid linear_grid(const Operator& op, const Sizes& sizes, const Tensor& scale, const Tensor* zero_point) {
  Grid grid;
  Tensor zeros = zero_point != nullptr ? *zero_point : zero();
  if (zero_point != nullptr && (zero_point->is_real || zero_point->bits > 32)) {
    throw Complaint(
        "has a zero point of another type than int8, uint8, int16, uint16 or int32, expected one of them");
  }
  grid.quantizer.bits = zero_point != nullptr ? zeros.bits : 8;
  grid.quantizer.is_signed = zero_point != nullptr && zeros.is_signed;
  grid.quantizer.set_full_range();
  if (op.integer("block_size", 0) != 0) throw Complaint("has block_size, which is not supported");
  if (scale.numbers.size() == 1) {
    set_scale(grid, scale, zeros);
    return grid;
  }
  if (scale.sizes.size() != 1)
    throw Complaint("has a scale of sizes " + sizes_text(scale.sizes) +
                    ", expected one number or one per channel");
  auto rank = static_cast<int64_t>(sizes.size());
  int64_t axis = op.integer("axis", 1);
  if (axis < -rank || axis >= rank)
    throw Complaint("has axis " + std::to_string(axis) + ", expected one of " + std::to_string(rank) +
                    " axes");
  auto at = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  if (sizes[at] != scale.sizes[0]) {
    throw Complaint("has " + std::to_string(scale.sizes[0]) + " scales along axis " + std::to_string(axis) +
                    " of size " + std::to_string(sizes[at]));
  }
  set_scale(grid, scale, zeros);
  grid.sizes.assign(sizes.size(), 1);
  grid.sizes[at] = scale.sizes[0];
  return grid;
}

std::optional<foreign::Quantizer> noted_quantizer(const std::string& data_type) {
  foreign::Quantizer q;
  if (data_type == "BIPOLAR") {
    q.bits = 1;
    q.is_signed = false;
    q.bipolar = true;
    q.high = 1;
    return q;
  }
  if (data_type == "TERNARY") {
    q.bits = 2;
    q.set_full_range(true);
    return q;
  }
  std::optional<int> bits = data_type == "BINARY" ? 1 : number_after(data_type, "UINT");
  q.is_signed = !bits.has_value();
  if (!bits.has_value()) bits = number_after(data_type, "INT");
  if (!bits.has_value()) return std::nullopt;
  q.bits = *bits;
  q.set_full_range();
  return q;
}

void narrow(foreign::Quantizer& q, int64_t low, int64_t high) {
  q.low = std::max(q.low, low);
  q.high = std::min(q.high, high);
  if (q.low > q.high)
    throw Complaint("leaves no codes between " + std::to_string(q.low) + " and " + std::to_string(q.high));
  auto reach = static_cast<uint64_t>(std::max(q.high, q.low < 0 ? -q.low - 1 : 0));
  q.bits = std::max(1, std::min(q.bits, static_cast<int>(std::bit_width(reach)) + (q.is_signed ? 1 : 0)));
}

std::pair<double, double> clip_bounds(const Operator& op, const Tensor* low, const Tensor* high) {
  auto bound = [&](const Tensor* tensor, const char* attribute, double fallback) {
    if (tensor == nullptr) return op.has(attribute) ? static_cast<double>(op.real(attribute)) : fallback;
    if (tensor->numbers.size() != 1) throw Complaint("has a bound of several numbers, expected one");
    return tensor->numbers[0];
  };
  std::pair<double, double> result = {bound(low, "min", -HUGE_VAL), bound(high, "max", HUGE_VAL)};
  if (!(result.first <= result.second)) {
    throw Complaint("clips to " + std::to_string(result.first) + " to " + std::to_string(result.second) +
                    ", which is empty");
  }
  return result;
}

void clip_codes(foreign::Quantizer& quantizer, double low, double high) {
  auto code_of = [](double bound) { return static_cast<int64_t>(std::clamp(bound, -0x1p40, 0x1p40)); };
  narrow(quantizer, code_of(std::ceil(low)), code_of(std::floor(high)));
}

}  // namespace netsurf::qonnx
