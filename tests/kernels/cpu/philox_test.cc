#include "kernels/cpu/philox.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/random.h"

namespace netsurf::cpu {
namespace {

TEST(PhiloxAll, DrawsWhatTheCoreFunctionDraws) {
  testing::Random random(1);
  auto draws = std::make_unique<PhiloxDraws>();
  for (uint32_t count = 0; count <= PhiloxDraws::kMax; count += count < 40 ? 1 : 59) {
    const uint64_t key = random.bits();
    std::vector<core::PhiloxBlock> counters(PhiloxDraws::kMax);
    for (uint32_t i = 0; i < PhiloxDraws::kMax; ++i) {
      for (uint32_t& word : counters[i].word)
        word = random.chance(20) ? ~uint32_t{0} : static_cast<uint32_t>(random.bits());
      draws->set_counter(i, counters[i]);
      draws->random[i] = {};
    }
    philox_all(key, count, *draws);
    for (uint32_t i = 0; i < count; ++i) {
      const core::PhiloxBlock expected = core::philox(counters[i], key);
      for (int w = 0; w < 4; ++w)
        ASSERT_EQ(draws->random[i].word[w], expected.word[w]) << i << " of " << count << ", word " << w;
    }
  }
}

}  // namespace
}  // namespace netsurf::cpu
