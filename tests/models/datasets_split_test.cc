#include "models/datasets_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf {
namespace {

using ::testing::ElementsAre;

/// `count` samples of one value, which is the sample's number; labels count modulo 3.
Samples numbered(int count) {
  Samples samples;
  samples.shape = {1};
  samples.count = count;
  for (int i = 0; i < count; ++i) {
    samples.values.push_back(static_cast<float>(i));
    samples.labels.push_back(i % 3);
  }
  return samples;
}

TEST(FixedPermutation, IsAPermutationOfEverySize) {
  for (uint32_t count : {0u, 1u, 2u, 3u, 10u, 1797u}) {
    std::vector<uint32_t> order = fixed_permutation(count);
    std::sort(order.begin(), order.end());
    std::vector<uint32_t> expected(count);
    std::iota(expected.begin(), expected.end(), 0u);
    EXPECT_EQ(order, expected);
  }
}

TEST(FixedPermutation, IsTheSameForEver) {
  // Changing these changes the test set of everyone's study.
  EXPECT_THAT(fixed_permutation(10), ElementsAre(6, 3, 2, 9, 8, 1, 4, 7, 0, 5));
  std::vector<uint32_t> digits = fixed_permutation(1797);
  digits.resize(6);
  EXPECT_THAT(digits, ElementsAre(1219, 1332, 145, 640, 51, 272));
}

TEST(FixedPermutation, SpreadsEveryPartOverTheWhole) {
  std::vector<uint32_t> order = fixed_permutation(10000);
  double mean = 0;
  for (size_t i = 8000; i < 10000; ++i) mean += order[i] / 2000.0;
  EXPECT_NEAR(mean, 5000, 4 * 10000 / std::sqrt(12.0 * 2000));
}

TEST(SplitWhole, DealsEverySampleOutOnceWithItsLabel) {
  Dataset dataset;
  dataset.num_classes = 3;
  split_whole(numbered(1797), dataset);
  EXPECT_EQ(dataset.train.count, 1259);
  EXPECT_EQ(dataset.validation.count, 179);
  EXPECT_EQ(dataset.test.count, 359);
  std::vector<bool> seen(1797);
  for (const Samples* part : {&dataset.train, &dataset.validation, &dataset.test}) {
    ASSERT_EQ(static_cast<int64_t>(part->labels.size()), part->count);
    for (size_t i = 0; i < part->values.size(); ++i) {
      size_t number = static_cast<size_t>(part->values[i]);
      EXPECT_FALSE(seen.at(number));
      seen[number] = true;
      EXPECT_EQ(part->labels[i], static_cast<int32_t>(number % 3));
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 1797);
  expect_error<InputError>([&] { split_whole(numbered(9), dataset); }, {"9 samples", "at least 10"});
}

TEST(SplitOffValidation, TakesTheLastTwelfth) {
  Dataset dataset;
  dataset.num_classes = 3;
  dataset.train = numbered(60);
  split_off_validation(dataset);
  EXPECT_EQ(dataset.train.count, 55);
  EXPECT_EQ(dataset.train.values.size(), 55u);
  EXPECT_THAT(dataset.validation.values, ElementsAre(55, 56, 57, 58, 59));
  EXPECT_THAT(dataset.validation.labels, ElementsAre(1, 2, 0, 1, 2));
}

TEST(SplitOffValidation, AFileSortedByClassIsRefused) {
  Dataset dataset;
  dataset.name = "mine";
  dataset.num_classes = 3;
  dataset.train = numbered(60);
  for (int i = 0; i < 60; ++i) dataset.train.labels[static_cast<size_t>(i)] = i < 30 ? 0 : i < 55 ? 1 : 2;
  expect_error<InputError>([&] { split_off_validation(dataset); }, {"mine", "class 2", "shuffle"});
  dataset.train = numbered(1);
  expect_error<InputError>([&] { split_off_validation(dataset); }, {"1 training samples", "at least 2"});
}

}  // namespace
}  // namespace netsurf
