#include "tests/support/random_parts.h"

#include <algorithm>
#include <vector>

namespace netsurf::testing {
namespace {

/// Whether every place along one axis has a tap inside the image, and how many places there are.
std::pair<bool, int> places(int in, int taps, int stride, int dilation, int before, int after) {
  int reach = in + before + after - dilation * (taps - 1) - 1;
  if (reach < 0) return {false, 0};
  int count = reach / stride + 1;
  for (int place = 0; place < count; ++place) {
    bool inside = false;
    for (int tap = 0; tap < taps; ++tap) {
      int row = place * stride - before + tap * dilation;
      inside = inside || (row >= 0 && row < in);
    }
    if (!inside) return {false, count};
  }
  return {true, count};
}

void pad_same(int in, int taps, int stride, int dilation, int& before, int& after) {
  int outs = (in + stride - 1) / stride;
  int total = std::max((outs - 1) * stride + dilation * (taps - 1) + 1 - in, 0);
  before = total / 2;
  after = total - before;
}

int draw_bits(Random& random, bool wide) {
  if (wide) return random.chance(50) ? random.pick(1, kMaxParameterBits) : random.pick(8, 20);
  int kind = random.pick(1, 10);
  if (kind <= 7) return random.pick(1, 8);
  return kind <= 9 ? random.pick(8, 16) : random.pick(16, kMaxParameterBits);
}

int32_t draw_code(Random& random, const Parameter& parameter, int style) {
  int64_t low = parameter.format.min_code(), high = parameter.format.max_code();
  if (style == 0) return static_cast<int32_t>(random.chance(50) ? low : high);
  if (style == 1)
    return static_cast<int32_t>(std::clamp<int64_t>(parameter.zero_point + random.between(-3, 3), low, high));
  if (style == 2) return static_cast<int32_t>(low);
  return static_cast<int32_t>(random.between(low, high));
}

void draw_zero_point(Random& random, Parameter& parameter) {
  if (parameter.format.bits > kMaxActivationBits || !random.chance(25)) return;
  int64_t low = parameter.format.min_code(), high = parameter.format.max_code();
  int style = random.pick(0, 5);
  int64_t zero_point = random.between(low, high);
  if (style == 0) zero_point = low;
  if (style == 1) zero_point = high;
  if (style == 2) zero_point = random.between(low - 1000, high + 1000);
  parameter.zero_point = static_cast<int32_t>(zero_point);
}

}  // namespace

Format draw_format(Random& random, int bits, int lowest_frac, int highest_frac) {
  Format format;
  format.is_signed = bits == kMaxParameterBits || random.chance(70);
  format.bits = bits;
  int frac_bits = random.pick(lowest_frac, highest_frac);
  format.integer_bits = bits - (format.is_signed ? 1 : 0) - frac_bits;
  return format;
}

Format draw_activation_format(Random& random) {
  int bits = random.chance(60) ? random.pick(1, 8) : random.pick(1, kMaxActivationBits);
  if (random.chance(80)) return draw_format(random, bits, 0, bits - 1);
  return draw_format(random, bits, -3, bits + 3);
}

void draw_rounding(Random& random, Layer& layer) {
  int count = static_cast<int>(core::kRoundingNames.size());
  if (random.chance(80)) layer.rounding = static_cast<core::Rounding>(random.pick(0, count - 1));
}

void draw_range(Random& random, Layer& layer) {
  if (!random.chance(30)) return;
  int64_t least = layer.format.min_code(), most = layer.format.max_code();
  int style = random.pick(0, 3);
  int64_t low = style == 0 && layer.format.is_signed ? -most : random.between(least, most);
  int64_t high = style <= 1 ? most : random.between(low, most);
  layer.low = static_cast<int32_t>(low);
  layer.high = static_cast<int32_t>(high);
}

void draw_slope(Random& random, Layer& layer) {
  layer.slope_shift = random.chance(90) ? random.pick(0, 9) : random.pick(0, 40);
  int most_bits = random.chance(70) ? std::min(layer.slope_shift, 23) : 23;
  layer.slope = random.chance(75) ? random.pick(0, (1 << most_bits) - 1) | 1 : 0;
  if (layer.slope == 0) layer.slope_shift = 0;
}

float draw_unit(Random& random) {
  if (random.chance(30)) return random.of(std::vector<float>{0.25f, 8.0f, 0x1p-12f});
  return static_cast<float>(random.pick(1, 1'000'000)) / static_cast<float>(random.pick(1, 1'000'000));
}

std::pair<Window, Shape> draw_window(Random& random, const Shape& image) {
  while (true) {
    Window w;
    w.height = random.pick(1, 3);
    w.width = random.pick(1, 3);
    w.stride_y = random.pick(1, 3);
    w.stride_x = random.pick(1, 3);
    w.dilation_y = random.chance(70) ? 1 : random.pick(2, 3);
    w.dilation_x = random.chance(70) ? 1 : random.pick(2, 3);
    int padding = random.pick(0, 2);
    if (padding == 1) {
      pad_same(image[0], w.height, w.stride_y, w.dilation_y, w.pad_top, w.pad_bottom);
      pad_same(image[1], w.width, w.stride_x, w.dilation_x, w.pad_left, w.pad_right);
    } else if (padding == 2) {
      w.pad_top = random.pick(0, 3);
      w.pad_bottom = random.pick(0, 3);
      w.pad_left = random.pick(0, 3);
      w.pad_right = random.pick(0, 3);
    }
    auto [rows_fit, rows] = places(image[0], w.height, w.stride_y, w.dilation_y, w.pad_top, w.pad_bottom);
    auto [columns_fit, columns] =
        places(image[1], w.width, w.stride_x, w.dilation_x, w.pad_left, w.pad_right);
    if (rows_fit && columns_fit) return {w, {rows, columns, image[2]}};
  }
}

std::pair<Window, Shape> draw_transposed_window(Random& random, const Shape& image) {
  constexpr int kMostPixels = 14;
  auto draw_axis = [&](int in, int& taps, int& stride, int& dilation, int& before, int& after) {
    for (int attempt = 0; attempt < 50; ++attempt) {
      taps = random.pick(1, 3);
      stride = random.pick(1, 3);
      dilation = random.chance(70) ? 1 : random.pick(2, 3);
      before = random.chance(50) ? 0 : random.pick(0, 2);
      after = random.chance(65) ? -random.pick(0, stride - 1) : random.pick(0, 2);
      int out = (in - 1) * stride + dilation * (taps - 1) + 1 - before - after;
      if (out >= 1 && out <= kMostPixels) return out;
    }
    return 0;
  };
  Window w;
  int rows = draw_axis(image[0], w.height, w.stride_y, w.dilation_y, w.pad_top, w.pad_bottom);
  int columns = draw_axis(image[1], w.width, w.stride_x, w.dilation_x, w.pad_left, w.pad_right);
  return {w, {rows, columns, image[2]}};
}

Parameter draw_parameter(Random& random, const Shape& shape, bool wide) {
  Parameter parameter;
  parameter.shape = shape;
  if (random.chance(12)) {
    parameter.bipolar = true;
    parameter.format = {1, 1 - random.pick(-3, 6), false};
  } else {
    int bits = draw_bits(random, wide);
    parameter.format = draw_format(random, bits, -4, bits + 3);
    draw_zero_point(random, parameter);
  }
  parameter.constant = random.chance(15);
  size_t elements = static_cast<size_t>(num_elements(shape));
  int style = random.pick(0, 6);
  for (size_t i = 0; i < elements; ++i) parameter.codes.push_back(draw_code(random, parameter, style));
  bool may_prune = !parameter.bipolar && parameter.zero_point >= parameter.format.min_code() &&
                   parameter.zero_point <= parameter.format.max_code();
  if (may_prune && random.chance(35)) {
    int percent = random.of(std::vector<int>{10, 50, 90, 100});
    for (size_t i = 0; i < elements; ++i) {
      parameter.pruned.push_back(random.chance(percent) ? 1 : 0);
      if (parameter.pruned[i] != 0) parameter.codes[i] = parameter.zero_point;
    }
  }
  return parameter;
}

Parameter draw_thresholds(Random& random, const Shape& shape, int frac_bits, Wide magnitude) {
  Parameter parameter;
  parameter.shape = shape;
  parameter.bipolar = random.chance(5);
  parameter.constant = random.chance(15);
  int bits = 1;
  for (Wide rest = magnitude; rest > 0 && bits < kMaxParameterBits; rest /= 2) ++bits;
  bits = std::clamp(bits + random.pick(-2, 1), 1, kMaxParameterBits);
  parameter.format =
      parameter.bipolar ? Format{1, 1 - frac_bits, false} : draw_format(random, bits, frac_bits, frac_bits);
  if (!parameter.bipolar) draw_zero_point(random, parameter);
  int style = random.chance(20) ? 1 : 3;
  for (int64_t i = num_elements(shape); i > 0; --i)
    parameter.codes.push_back(draw_code(random, parameter, style));
  if (random.chance(60)) {
    for (auto row = parameter.codes.begin(); row != parameter.codes.end(); row += shape[1])
      std::sort(row, row + shape[1]);
  }
  return parameter;
}

Wide magnitude_of(const Parameter& parameter) {
  if (parameter.bipolar) return 1;
  return std::max<Wide>(Wide{parameter.zero_point} - parameter.format.min_code(),
                        Wide{parameter.format.max_code()} - parameter.zero_point);
}

}  // namespace netsurf::testing
