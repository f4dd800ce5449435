#include "kernels/floating/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/floating/parallel.h"

namespace netsurf::floating {
namespace {

// Adding and taking away 1.5 x 2^23 leaves a float of magnitude up to 2^22 rounded to an integer, half to
// even: two additions that every vector unit has.
constexpr float kRounder = 12582912.0f;
constexpr double kRounderReach = 4194304.0;

}  // namespace

void clipped_quantize_forward(int64_t count, float bottom, float top, const Grid& grid, const float* x,
                              float* y) {
  const auto step = static_cast<float>(grid.step);
  if (grid.low < -kRounderReach || grid.high > kRounderReach) {
    for (int64_t i = 0; i < count; ++i) {
      const double value = std::nearbyint(static_cast<double>(std::clamp(x[i], bottom, top)) / grid.step);
      y[i] = static_cast<float>(std::clamp(value, grid.low, grid.high) * grid.step);
    }
    return;
  }
  const float inverse = 1.0f / step;
  const float low = std::max(static_cast<float>(grid.low), bottom * inverse);
  const float high = std::min(static_cast<float>(grid.high), top * inverse);
  parallel_ranges(count, 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float scaled = x[i] * inverse;
      scaled = scaled < low ? low : scaled;
      scaled = scaled > high ? high : scaled;
      y[i] = ((scaled + kRounder) - kRounder) * step;
    }
  });
}

void quantize_forward(int64_t count, const Grid& grid, const float* x, float* y) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  clipped_quantize_forward(count, -kInfinity, kInfinity, grid, x, y);
}

void clipped_backward(int64_t count, float bottom, float top, const float* x, const float* dy, float* dx) {
  parallel_ranges(count, 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      // A factor of 0 or 1 in place of a branch: compilers do not vectorize the branch.
      const auto passes =
          static_cast<float>(static_cast<int>(x[i] >= bottom) & static_cast<int>(x[i] <= top));
      dx[i] = passes * dy[i];
    }
  });
}

}  // namespace netsurf::floating
