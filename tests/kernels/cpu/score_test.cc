#include "kernels/cpu/score.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "kernels/core/score.h"
#include "tests/support/random.h"

namespace netsurf::cpu {
namespace {

using Lanes = std::array<int32_t, kTile>;

constexpr int kNumCodes[] = {1, 2, 5, 10, 100, 1000};

struct Range {
  int64_t low, high;
};
constexpr Range kRanges[] = {{0, 0},           {-1, 1},      {0, 63},           {-128, 127},
                             {-200000, 90000}, {-7000, -70}, {1 << 20, 1 << 22}};

std::vector<int32_t> random_tile(testing::Random& random, Range range, int num_codes) {
  std::vector<int32_t> codes(static_cast<size_t>(num_codes) * kTile);
  for (int32_t& code : codes) code = static_cast<int32_t>(random.between(range.low, range.high));
  return codes;
}

Lanes random_lanes(testing::Random& random, int low, int high) {
  Lanes lanes;
  for (int32_t& lane : lanes) lane = random.pick(low, high);
  return lanes;
}

/// What a ragged tile may hold in the samples that are not there.
void spoil(testing::Random& random, int count, std::vector<int32_t>& codes) {
  for (size_t i = 0; i < codes.size(); ++i) {
    if (static_cast<int>(i) % kTile >= count) codes[i] = random.of<int32_t>({INT32_MIN, INT32_MAX, 0, -1});
  }
}

TEST(TileScore, FitsWhileNoDifferenceAndNoSumOverflows) {
  EXPECT_TRUE(scores_fit(0, 0, 1000000000));
  EXPECT_TRUE(scores_fit(-200000, 200000, 1000));
  int64_t root = 536870911;  // 2^29 - 1: (2^29 - 1)^2 x 32 < 2^63 <= (2^29)^2 x 32
  EXPECT_TRUE(scores_fit(0, root, 1));
  EXPECT_TRUE(scores_fit(-root, 0, 1));
  EXPECT_FALSE(scores_fit(0, root + 1, 1));
  EXPECT_FALSE(scores_fit(0, root, 2));
  EXPECT_TRUE(scores_fit(-root / 2, root / 2, 1));
  EXPECT_FALSE(scores_fit(-root, root, 1));
  EXPECT_FALSE(scores_fit(INT32_MIN, INT32_MAX, 1));
  EXPECT_FALSE(scores_fit(INT64_MIN, INT64_MAX, 1));
  EXPECT_FALSE(scores_fit(int64_t{1} << 40, int64_t{1} << 40, 1));
}

TEST(TileScore, TheLargestSumIsExact) {
  int32_t root = 536870911;
  std::vector<int32_t> codes(kTile, root), clean(kTile, 0);
  int64_t expected = int64_t{root} * root * kTile;
  EXPECT_EQ(squared_distance(codes.data(), clean.data(), 1, kTile), expected);
  EXPECT_EQ(squared_distance(clean.data(), codes.data(), 1, kTile), expected);
}

TEST(TileScore, FindsTheLowestIndexOfTheLargest) {
  testing::Random random(1);
  std::vector<Range> ranges(std::begin(kRanges), std::end(kRanges));
  ranges.push_back({INT32_MIN, INT32_MAX});
  ranges.push_back({INT32_MIN, INT32_MIN});
  for (Range range : ranges) {
    for (int num_codes : kNumCodes) {
      for (int i = 0; i < 3; ++i) {
        std::vector<int32_t> codes = random_tile(random, range, num_codes);
        Lanes predictions, largest;
        find_largest(codes.data(), num_codes, predictions.data(), largest.data());
        for (int s = 0; s < kTile; ++s) {
          auto lane = static_cast<size_t>(s);
          int best = core::argmax(codes.data() + s, num_codes, kTile);
          ASSERT_EQ(predictions[lane], best);
          ASSERT_EQ(largest[lane], codes[static_cast<size_t>(best * kTile + s)]);
        }
      }
    }
  }
}

TEST(TileScore, CountsOnlyTheSamplesThatAreThere) {
  testing::Random random(2);
  for (int count = 1; count <= kTile; ++count) {
    for (int i = 0; i < 20; ++i) {
      Lanes a = random_lanes(random, 0, 2), b = random_lanes(random, 0, 2);
      int expected = 0;
      for (size_t s = 0; s < static_cast<size_t>(count); ++s) expected += a[s] != b[s] ? 1 : 0;
      ASSERT_EQ(count_different(a.data(), b.data(), count), expected);
    }
  }
}

TEST(TileScore, DistanceAndChangesEqualTheCoreFunctions) {
  testing::Random random(3);
  for (Range range : kRanges) {
    for (int num_codes : kNumCodes) {
      ASSERT_TRUE(scores_fit(range.low, range.high, num_codes));
      for (int count = 1; count <= kTile; ++count) {
        std::vector<int32_t> clean = random_tile(random, range, num_codes), codes = clean;
        for (int32_t& code : codes) {
          if (random.chance(200 / (num_codes + 3)))
            code = static_cast<int32_t>(random.between(range.low, range.high));
        }
        int64_t distance = 0;
        int changed = 0;
        for (int s = 0; s < count; ++s) {
          int64_t sum = 0;
          for (auto at = static_cast<size_t>(s); at < codes.size(); at += kTile)
            sum = core::held_sum(sum, core::squared_difference(codes[at], clean[at]));
          distance = core::held_sum(distance, sum);
          changed += sum != 0 ? 1 : 0;
        }
        spoil(random, count, codes);
        spoil(random, count, clean);
        ASSERT_EQ(squared_distance(codes.data(), clean.data(), num_codes, count), distance);
        ASSERT_EQ(count_changed(codes.data(), clean.data(), num_codes, count), changed);
        uint32_t there = count == kTile ? ~0u : (1u << count) - 1;
        ASSERT_EQ(std::popcount(changed_samples(codes.data(), clean.data(), num_codes) & there), changed);
      }
    }
  }
}

TEST(TileScore, AnswersAreThoseOfTheCoreFunctions) {
  testing::Random random(10);
  for (Range range : kRanges) {
    for (int num_codes : kNumCodes) {
      for (int count = 1; count <= 2 * kTile; ++count) {
        const int there = std::min(count, kTile), percent = random.of<int>({0, 3, 100});
        std::vector<int32_t> clean = random_tile(random, range, num_codes), codes = clean;
        for (int32_t& code : codes) {
          if (random.chance(percent)) code = static_cast<int32_t>(random.between(range.low, range.high));
        }
        Lanes clean_predictions, labels = random_lanes(random, 0, num_codes - 1);
        AnswerCounts expected;
        uint32_t expected_changed = 0;
        for (int s = 0; s < kTile; ++s) {
          auto lane = static_cast<size_t>(s);
          clean_predictions[lane] = core::argmax(clean.data() + s, num_codes, kTile);
          const int best = core::argmax(codes.data() + s, num_codes, kTile);
          if (random.chance(30)) labels[lane] = best;
          if (s >= there) continue;
          int64_t distance = 0;
          for (auto at = lane; at < codes.size(); at += kTile)
            distance = core::held_sum(distance, core::squared_difference(codes[at], clean[at]));
          expected.distance = core::held_sum(expected.distance, distance);
          expected.different += best != clean_predictions[lane] ? 1 : 0;
          expected.correct += best == labels[lane] ? 1 : 0;
          expected_changed |= (distance != 0 ? 1u : 0u) << s;
        }
        spoil(random, there, codes);
        spoil(random, there, clean);
        for (bool keeps : {false, true}) {
          Lanes largest;
          uint32_t changed = 0;
          AnswerCounts counts =
              keeps ? count_answers(codes.data(), clean.data(), num_codes, clean_predictions.data(),
                                    labels.data(), there, largest.data(), changed)
                    : count_answers(codes.data(), clean.data(), num_codes, clean_predictions.data(),
                                    labels.data(), there);
          ASSERT_EQ(counts.distance, expected.distance) << num_codes << " codes, " << there << " samples";
          ASSERT_EQ(counts.different, expected.different) << num_codes << " codes, " << there << " samples";
          ASSERT_EQ(counts.correct, expected.correct) << num_codes << " codes, " << there << " samples";
          if (!keeps) continue;
          const uint32_t of_these = there == kTile ? ~0u : (1u << there) - 1;
          ASSERT_EQ(changed & of_these, expected_changed);
          for (int s = 0; s < there; ++s) {
            const int best = core::argmax(codes.data() + s, num_codes, kTile);
            ASSERT_EQ(largest[static_cast<size_t>(s)], codes[static_cast<size_t>(best * kTile + s)]);
          }
        }
      }
    }
  }
}

// A code that is the lowest there is passes none, so that the first of such codes is the prediction.
TEST(TileScore, AnswersOfTheLowestCodesAreTheirFirst) {
  constexpr int kCodes = 3;
  std::vector<int32_t> codes(kCodes * kTile, INT32_MIN);
  for (size_t s = 0; s < kTile; s += 2) codes[2 * kTile + s] = INT32_MIN + 1;
  Lanes zeros = {};
  AnswerCounts counts = count_answers(codes.data(), codes.data(), kCodes, zeros.data(), zeros.data(), kTile);
  EXPECT_EQ(counts.distance, 0);
  EXPECT_EQ(counts.different, kTile / 2);
  EXPECT_EQ(counts.correct, kTile / 2);
}

void expect_same_cross_entropy(const std::vector<int32_t>& codes, int num_codes, float step,
                               const Lanes& labels) {
  Lanes predictions, largest;
  find_largest(codes.data(), num_codes, predictions.data(), largest.data());
  int64_t expected = 0;
  for (int s = 0; s < kTile; ++s)
    expected += core::cross_entropy(codes.data() + s, num_codes, kTile, step, labels[static_cast<size_t>(s)]);
  ASSERT_EQ(cross_entropy(codes.data(), num_codes, step, largest.data(), labels.data()), expected)
      << num_codes << " codes, step " << step;
}

TEST(TileScore, CrossEntropyEqualsTheCoreFunction) {
  testing::Random random(4);
  for (Range range : kRanges) {
    for (int num_codes : kNumCodes) {
      for (float step : {1.0f, 0.5f, 0x1p-4f, 0x1p-12f, 0x1.99999ap-9f, 0x1p-140f, 0x1p64f, 0x1p126f}) {
        for (int i = 0; i < 5; ++i) {
          std::vector<int32_t> codes = random_tile(random, range, num_codes);
          expect_same_cross_entropy(codes, num_codes, step, random_lanes(random, 0, num_codes - 1));
        }
      }
    }
  }
}

TEST(TileScore, ChangedSamplesAreThoseBits) {
  testing::Random random(8);
  for (int i = 0; i < 1000; ++i) {
    std::vector<int32_t> clean = random_tile(random, {-5, 5}, 3), codes = clean;
    auto samples = static_cast<uint32_t>(random.bits());
    for (int s = 0; s < kTile; ++s) {
      if ((samples >> s & 1) != 0) codes[static_cast<size_t>(random.pick(0, 2) * kTile + s)] += 1;
    }
    ASSERT_EQ(changed_samples(codes.data(), clean.data(), 3), samples);
  }
}

TEST(TileScore, CrossEntropyOfSomeSamplesEqualsTheCoreFunction) {
  testing::Random random(9);
  for (Range range : kRanges) {
    for (int num_codes : kNumCodes) {
      for (int count = 0; count <= kTile; ++count) {
        std::vector<int32_t> codes = random_tile(random, range, num_codes);
        Lanes labels = random_lanes(random, 0, num_codes - 1), predictions, largest;
        find_largest(codes.data(), num_codes, predictions.data(), largest.data());
        uint32_t samples = 0;
        while (std::popcount(samples) < count) samples |= 1u << random.pick(0, kTile - 1);
        float step = random.of<float>({1.0f, 0x1p-4f, 0x1p-12f, 0x1.99999ap-9f});
        int64_t expected = 0;
        for (int s = 0; s < kTile; ++s) {
          if ((samples >> s & 1) != 0)
            expected +=
                core::cross_entropy(codes.data() + s, num_codes, kTile, step, labels[static_cast<size_t>(s)]);
        }
        ASSERT_EQ(cross_entropy_of(codes.data(), num_codes, step, largest.data(), labels.data(), samples),
                  expected);
      }
    }
  }
}

// Two codes, of which the smaller is `difference` below: exp and log meet every difference, in every lane.
TEST(TileScore, CrossEntropyEqualsTheCoreFunctionForEveryDifference) {
  for (float step : {0x1p-10f, 0x1.6a09e6p-9f, 0x1p-8f * std::nextafter(1.0f, 2.0f)}) {
    for (int32_t first = 0; first < 100000; first += kTile) {
      std::vector<int32_t> codes(2 * kTile, 17);
      for (int32_t s = 0; s < kTile; ++s) codes[static_cast<size_t>(s)] -= first + s;
      Lanes labels;
      labels.fill(first / kTile % 2);
      expect_same_cross_entropy(codes, 2, step, labels);
    }
  }
}

// Around -87 and far beyond, where exp counts as 0: many such codes next to one that counts 1.
TEST(TileScore, CrossEntropyEndsExpWhereTheCoreFunctionDoes) {
  for (float step : {1.0f, 0.5f, std::nextafter(1.0f, 2.0f), std::nextafter(1.0f, 0.0f), 0x1p-16f}) {
    auto end = static_cast<int32_t>(87.0f / step);
    for (int32_t difference : {end - 2, end - 1, end, end + 1, end + 2, 2 * end, 300 * end}) {
      std::vector<int32_t> codes(100 * kTile, -difference);
      for (size_t s = 0; s < kTile; ++s) codes[s] = 0;
      Lanes labels = {};
      expect_same_cross_entropy(codes, 100, step, labels);
    }
  }
}

void expect_same_squared_error(const std::vector<int32_t>& codes, int num_codes, float step,
                               const std::vector<float>& targets) {
  int64_t expected = 0;
  for (size_t s = 0; s < kTile; ++s) {
    std::vector<float> row;
    for (size_t at = s; at < targets.size(); at += kTile) row.push_back(targets[at]);
    expected += core::squared_error(codes.data() + s, num_codes, kTile, step, row.data());
  }
  ASSERT_EQ(squared_error(codes.data(), num_codes, step, targets.data()), expected)
      << num_codes << " codes, step " << step;
}

TEST(TileScore, SquaredErrorEqualsTheCoreFunction) {
  testing::Random random(5);
  for (Range range : kRanges) {
    for (int num_codes : kNumCodes) {
      for (float step : {1.0f, 0x1p-4f, 0x1p-12f, 0x1.99999ap-9f, 0x1p-140f, 0x1p64f, 0x1p126f}) {
        std::vector<int32_t> codes = random_tile(random, range, num_codes);
        std::vector<float> targets;
        for (int32_t code : codes)
          targets.push_back(static_cast<float>(code + random.pick(-3, 3)) * step * 1.1f + 0.3f);
        expect_same_squared_error(codes, num_codes, step, targets);
      }
    }
  }
}

// One code that is its own root: the loss runs through halves, the change of method at 2^22 units, and the
// cap.
TEST(TileScore, UnitsAreThoseOfTheCoreFunction) {
  testing::Random random(6);
  for (double units : {0.0, 0.5, 1.5, 2.5, 2097152.0, 4194304.0, 8388608.0, 16777216.0, 0x1p39, 0x1p40}) {
    auto root = static_cast<float>(std::sqrt(units * 0x1p-20));
    for (int i = 0; i < 200; ++i) {
      std::vector<float> targets;
      for (int s = 0; s < kTile; ++s, root = std::nextafter(root, 1e9f)) targets.push_back(-root);
      expect_same_squared_error(std::vector<int32_t>(kTile, 0), 1, 1.0f, targets);
    }
  }
  for (float target : {INFINITY, 1e30f, 1e19f, 1e-30f, 0x1p-10f, 0x1.8p-10f, -0.0f})
    expect_same_squared_error(std::vector<int32_t>(kTile, 0), 1, 1.0f, std::vector<float>(kTile, target));
}

}  // namespace
}  // namespace netsurf::cpu
