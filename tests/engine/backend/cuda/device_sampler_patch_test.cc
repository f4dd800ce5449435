// Which word of an image a flip inverts: the device's function, run on the host, against the bit's address.
#include <gtest/gtest.h>

#include <string>

#include "kernels/cuda/patch.h"
#include "tests/engine/backend/cuda/device_sampler_image.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

TEST(PatchOf, IsAtTheElementsPlace) {
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  int64_t refused = 0, pruned = 0, compared = 0;
  for (int round = 0; round < 60; ++round) {
    const Model model = testing::random_model(random, refused);
    const BitSpace space(model);
    const testing::Image image = testing::draw_image(model, space, random);
    for (const cuda::PatchSegment& segment : image.segments) pruned += segment.elements != nullptr ? 1 : 0;
    for (uint64_t id = 0; id < space.size(); id += id < 3000 ? 1 : 97) {
      const cuda::Patch found = cuda::patch_of(image.segments.data(), static_cast<int>(image.segments.size()),
                                               static_cast<uint32_t>(id));
      const cuda::Patch expected = testing::expected_patch(image, space, static_cast<BitId>(id));
      ASSERT_EQ(found.word, expected.word) << "bit " << id << " of " << space.size();
      ASSERT_EQ(found.mask, expected.mask) << "bit " << id << " of " << space.size();
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000);
  EXPECT_GT(pruned, 0);
}

}  // namespace
}  // namespace netsurf
