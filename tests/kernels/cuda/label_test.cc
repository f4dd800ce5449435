// Places and labels of the fault models that sort, at their edges.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/cuda/label_rotation.h"
#include "kernels/cuda/label_slices.h"
#include "tests/support/random.h"

namespace netsurf::cuda {
namespace {

TEST(Labels, TheFirstOfALabelIsFound) {
  const std::vector<uint32_t> labels = {0, 0, 2, 2, 2, 5};
  const std::vector<uint64_t> expected = {0, 2, 2, 5, 5, 5, 6};
  for (size_t label = 0; label < expected.size(); ++label)
    EXPECT_EQ(begin_of_label(labels.data(), labels.size(), label), expected[label]) << label;
  EXPECT_EQ(begin_of_label(nullptr, 0, 3), 0u);
}

TEST(RotationDraws, PlacesAreWholeQuotients) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  for (int round = 0; round < 20000; ++round) {
    RotationDraws draws;
    draws.step = std::max<uint64_t>(2, random.bits() >> random.pick(3, 62));
    draws.trials_per_epoch = static_cast<uint64_t>((static_cast<unsigned __int128>(1) << 64) / draws.step);
    const uint64_t multiple = draws.step * (random.bits() % draws.trials_per_epoch);
    for (uint64_t number : {random.bits(), uint64_t{0}, ~uint64_t{0}, multiple, multiple - 1, multiple + 1})
      ASSERT_EQ(draws.place(number), number / draws.step) << number << " / " << draws.step;
  }
}

TEST(RotationTrials, CoverTheEpochsTheyTouch) {
  RotationDraws draws;
  draws.trials_per_epoch = 10;
  const RotationTrials inside(draws, 20, 10), across(draws, 29, 2), none(draws, 29, 0);
  EXPECT_EQ(inside.first_epoch, 2u);
  EXPECT_EQ(inside.num_epochs, 1u);
  EXPECT_EQ(across.first_epoch, 2u);
  EXPECT_EQ(across.num_epochs, 2u);
  EXPECT_EQ(none.num_epochs, 0u);
}

TEST(SliceDraws, PassesFollowEachOther) {
  SliceDraws coverage;
  coverage.num_bits = 10;
  coverage.slice = 4;
  coverage.slices = 3;
  EXPECT_EQ(coverage.num_labels(), 3u);
  EXPECT_EQ(coverage.label(9), 2u);
  EXPECT_EQ(coverage.label(10), 3u);
  EXPECT_EQ(coverage.length(4), 4u);
  EXPECT_EQ(coverage.length(5), 2u);
  EXPECT_EQ(coverage.begin(1, 5), 8u);
  EXPECT_EQ(coverage.begin(1, 6), 10u);
  SliceDraws exact = coverage;
  exact.slices = 2;
  EXPECT_EQ(exact.label(19), 5u);
  EXPECT_EQ(exact.length(5), 4u);
  EXPECT_EQ(exact.begin(0, 5), 24u);
}

}  // namespace
}  // namespace netsurf::cuda
