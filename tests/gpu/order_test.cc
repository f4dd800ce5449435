#include "kernels/cuda/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/support/gpu.h"
#include "tests/support/random.h"

namespace netsurf::cuda {
namespace {

/// The definition: comparing scores, ties as they came.
template <typename Real>
std::vector<uint32_t> plain_order(const std::vector<Real>& scores) {
  std::vector<uint32_t> places(scores.size());
  std::iota(places.begin(), places.end(), uint32_t{0});
  std::stable_sort(places.begin(), places.end(),
                   [&](uint32_t i, uint32_t j) { return scores[i] > scores[j]; });
  return places;
}

template <typename Real>
std::vector<uint32_t> device_order(const std::vector<Real>& scores, const Stream& stream) {
  const DeviceMemory<Real> memory = upload(scores, stream);
  const DeviceMemory<uint32_t> order = descending_order(memory.data(), memory.size(), stream);
  return download(order.data(), order.size(), stream);
}

/// A finite number of any size, the smallest ones and both zeros included.
template <typename Real>
Real any_finite(testing::Random& random) {
  using Bits = std::conditional_t<sizeof(Real) == 4, uint32_t, uint64_t>;
  if (random.chance(10)) return random.chance(50) ? Real{0} : -Real{0};
  if (random.chance(10))
    return static_cast<Real>(random.pick(-9, 9)) * std::numeric_limits<Real>::denorm_min();
  for (;;) {
    const Real value = std::bit_cast<Real>(static_cast<Bits>(random.bits()));
    if (std::isfinite(value)) return value;
  }
}

template <typename Real>
class DeviceOrder : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(DeviceOrder, Reals);

TYPED_TEST(DeviceOrder, IsTheStableOrderOfTheHost) {
  NETSURF_NEEDS_GPU();
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  const Stream stream;
  for (size_t size : {1, 2, 3, 255, 257, 10007, (1 << 20) + 3}) {
    std::vector<TypeParam> any, tied;
    for (size_t i = 0; i < size; ++i) any.push_back(any_finite<TypeParam>(random));
    for (size_t i = 0; i < size; ++i) {
      tied.push_back(random.chance(20) ? -TypeParam{0} : static_cast<TypeParam>(random.pick(-3, 3)));
    }
    ASSERT_EQ(device_order(any, stream), plain_order(any)) << size << " scores";
    ASSERT_EQ(device_order(tied, stream), plain_order(tied)) << size << " scores, nearly all of them tied";
  }
}

TYPED_TEST(DeviceOrder, OfNothingIsEmpty) {
  NETSURF_NEEDS_GPU();
  const Stream stream;
  EXPECT_EQ(descending_order<TypeParam>(nullptr, 0, stream).size(), 0u);
}

TYPED_TEST(DeviceOrder, RefusesWhatIsNotFiniteAndNamesTheFirst) {
  NETSURF_NEEDS_GPU();
  using Limits = std::numeric_limits<TypeParam>;
  const Stream stream;
  for (TypeParam bad : {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    std::vector<TypeParam> scores(5000, TypeParam{1});
    scores[4321] = scores[1234] = bad;
    try {
      device_order(scores, stream);
      FAIL() << bad << " has got a place in the order";
    } catch (const NotFinite& error) {
      EXPECT_EQ(error.place(), 1234u) << bad;
    }
  }
}

}  // namespace
}  // namespace netsurf::cuda
