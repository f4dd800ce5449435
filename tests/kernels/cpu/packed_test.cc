#include "kernels/cpu/packed.h"

#include <gtest/gtest.h>

#include "tests/kernels/cpu/emulated_units.h"
#include "tests/kernels/cpu/packed_case.h"

namespace netsurf::cpu {
namespace {

#if defined(NETSURF_SANITIZED)
constexpr uint64_t kNumCases = 60;
#else
constexpr uint64_t kNumCases = 250;
#endif

void expect_right(const PackedKernels& kernels) {
  for (uint64_t seed = 0; seed < kNumCases; ++seed) {
    PackedCase layer(seed);
    EXPECT_EQ(layer.run_sums(kernels), "") << "sums";
    EXPECT_EQ(layer.run_update(kernels), "") << "updates";
    EXPECT_EQ(layer.run_correct(kernels), "") << "corrections";
    if (::testing::Test::HasFailure()) break;
  }
}

class PackedLevel : public ::testing::TestWithParam<Isa> {};

TEST_P(PackedLevel, GivesTheSumsAndCodesThatTheWordsDefine) {
  const PackedKernels* kernels = find_kernels(GetParam());
  if (kernels == nullptr) GTEST_SKIP() << "this machine lacks " << name_of(GetParam());
  expect_right(*kernels);
}

INSTANTIATE_TEST_SUITE_P(Levels, PackedLevel,
                         ::testing::Values(Isa::portable, Isa::avx2, Isa::avx_vnni, Isa::avx512_vnni,
                                           Isa::amx),
                         [](const auto& level) { return std::string(name_of(level.param)); });

TEST(EmulatedLevel, EightLanesWithPairSumsGiveTheSame) { expect_right(emulated_avx2()); }
TEST(EmulatedLevel, EightLanesWithByteDotsGiveTheSame) { expect_right(emulated_avx_vnni()); }
TEST(EmulatedLevel, SixteenLanesGiveTheSame) { expect_right(emulated_avx512_vnni()); }
TEST(EmulatedLevel, AMatrixUnitGivesTheSame) { expect_right(emulated_amx()); }

TEST(PackedLevel, ThePortableOneIsAlwaysThereAndTheBestIsOneOfThem) {
  EXPECT_NE(find_kernels(Isa::portable), nullptr);
  EXPECT_NE(find_kernels(best_isa()), nullptr);
  for (int i = static_cast<int>(best_isa()) + 1; i < kNumIsas; ++i)
    EXPECT_EQ(find_kernels(static_cast<Isa>(i)), nullptr);
}

}  // namespace
}  // namespace netsurf::cpu
