// The affine loops, each width against 64-bit arithmetic code by code.
#include "kernels/cpu/elementwise.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/random.h"

namespace netsurf::cpu {
namespace {

template <typename In, typename Out>
void check_affine(int64_t largest_code, int64_t largest_scale, int largest_shift) {
  testing::Random random(3);
  for (int i = 0; i < 300; ++i) {
    AffineShape shape{random.pick(1, 3), random.pick(1, 5), random.pick(0, largest_shift),
                      random.pick(0, largest_shift)};
    auto channels = static_cast<size_t>(shape.num_channels);
    std::vector<In> x(static_cast<size_t>(shape.num_pixels) * channels * kTile);
    for (In& code : x) code = static_cast<In>(random.between(-largest_code, largest_code));
    x.front() = static_cast<In>(largest_code);
    x.back() = static_cast<In>(-largest_code);
    std::vector<int32_t> scale(channels), constant(channels);
    for (int32_t& code : scale) code = static_cast<int32_t>(random.between(-largest_scale, largest_scale));
    for (int32_t& code : constant) code = static_cast<int32_t>(random.between(-largest_scale, largest_scale));
    bool shifts = random.chance(70);
    std::vector<Out> y(x.size());
    affine_all(x.data(), shape, scale.data(), shifts ? constant.data() : nullptr, y.data());
    for (size_t at = 0; at < x.size(); ++at) {
      size_t channel = at / kTile % channels;
      int64_t expected = (int64_t{scale[channel]} * x[at] << shape.product_shift) +
                         (shifts ? int64_t{constant[channel]} << shape.shift_shift : 0);
      ASSERT_EQ(y[at], expected) << at;
    }
  }
}

TEST(Affine, IsExactInEveryWidth) {
  check_affine<int32_t, int32_t>(2000, 3000, 4);
  check_affine<int32_t, int64_t>(INT32_MAX, INT32_MAX >> 8, 6);
  check_affine<int64_t, int64_t>(int64_t{1} << 40, 1 << 16, 4);
}

}  // namespace
}  // namespace netsurf::cpu
