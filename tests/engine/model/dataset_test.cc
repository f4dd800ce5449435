#include "engine/model/dataset.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

Samples samples(int64_t count) {
  Samples s;
  s.shape = {6};
  s.count = count;
  for (int64_t i = 0; i < count * 6; ++i) s.values.push_back(static_cast<float>(i % 7 - 3) / 4);
  for (int64_t i = 0; i < count; ++i) s.labels.push_back(static_cast<int32_t>(i % 3));
  return s;
}

Samples with_targets(int64_t count, int targets) {
  Samples s = samples(count);
  s.labels.clear();
  s.num_targets = targets;
  s.targets.assign(static_cast<size_t>(count * targets), 0.5f);
  return s;
}

TEST(Encode, QuantizesToTheInputFormat) {
  Model model = testing::tiny_mlp();  // input q<6,1,1>: step 1/16
  Samples s = samples(2);
  s.values = {0, 1, -1, 1.03125f, 100, -100, 0.03125f, 0.09375f, -0.03125f, 0.5f, 1.9375f, -2};
  EvaluationSet set = encode(model, s, Task::classification);
  EXPECT_EQ(set.codes, (std::vector<int32_t>{0, 16, -16, 16, 31, -32, 0, 2, 0, 8, 31, -32}));
  EXPECT_EQ(set.count, 2);
  EXPECT_EQ(set.sample_size, 6);
  EXPECT_EQ(set.labels, (std::vector<int32_t>{0, 1}));
}

TEST(Encode, UsesTheUnitTheRangeAndTheRoundingOfTheInput) {
  testing::Parts parts = testing::mlp_parts();
  parts.layers[0].format = Format{6, 5, true};
  parts.layers[0].unit = 0.1f;
  parts.layers[0].low = -20;
  parts.layers[0].high = 30;
  parts.layers[0].rounding = core::Rounding::floor;
  Samples s = samples(1);
  s.values = {0.25f, -0.25f, 3.5f, -2.5f, 0.1f, 0};
  EXPECT_EQ(encode(parts.build(), s, Task::classification).codes,
            (std::vector<int32_t>{2, -3, 30, -20, 1, 0}));
}

TEST(Encode, TheDigestCoversWhatDecidesOutcomes) {
  Model model = testing::tiny_mlp();
  std::set<std::string> digests = {encode(model, samples(5), Task::classification).digest};
  Samples other = samples(5);
  other.values[7] = 1.5f;
  EXPECT_TRUE(digests.insert(encode(model, other, Task::classification).digest).second);
  other = samples(5);
  other.labels[4] = 2;
  EXPECT_TRUE(digests.insert(encode(model, other, Task::classification).digest).second);
  EXPECT_TRUE(digests.insert(encode(model, samples(6), Task::classification).digest).second);
  EXPECT_TRUE(digests.insert(encode(model, with_targets(5, 3), Task::regression).digest).second);
  EXPECT_TRUE(digests.insert(encode(model, with_targets(5, 3), Task::reconstruction).digest).second);
  other = with_targets(5, 3);
  other.targets[0] = 0.25f;
  EXPECT_TRUE(digests.insert(encode(model, other, Task::regression).digest).second);
  EXPECT_FALSE(digests.insert(encode(model, samples(5), Task::classification).digest).second);
}

TEST(Encode, WhatDoesNotFitTheModelIsRefused) {
  Model model = testing::tiny_mlp();
  auto refused = [&](const Samples& s, Task task, std::initializer_list<std::string_view> pieces) {
    expect_error<InputError>([&] { encode(model, s, task); }, pieces);
  };
  refused(samples(0), Task::classification, {"no samples", "--split"});
  Samples s = samples(4);
  s.shape = {2, 2};
  s.values.resize(16);
  refused(s, Task::classification, {"2x2", "the model reads 6"});
  s = samples(4);
  s.labels[2] = 3;
  refused(s, Task::classification, {"label 3", "3 outputs"});
  s.labels[2] = -1;
  refused(s, Task::classification, {"label -1"});
  refused(with_targets(4, 2), Task::regression, {"2 targets", "3 outputs"});
  refused(samples(4), Task::reconstruction, {"0 targets"});
  s = samples(4);
  s.values[0] = std::numeric_limits<float>::quiet_NaN();
  refused(s, Task::classification, {"not a number"});
}

TEST(Encode, CountsThatContradictEachOtherAreRefused) {
  Model model = testing::tiny_mlp();
  Samples s = samples(4);
  s.values.pop_back();
  EXPECT_THROW(encode(model, s, Task::classification), InputError);
  s = samples(4);
  s.labels.pop_back();
  EXPECT_THROW(encode(model, s, Task::classification), InputError);
  s.labels.clear();
  EXPECT_THROW(encode(model, s, Task::classification), InputError);
  s = with_targets(4, 3);
  s.targets.pop_back();
  EXPECT_THROW(encode(model, s, Task::regression), InputError);
}

TEST(Encode, ARegressionSetHasNoLabels) {
  Samples s = with_targets(4, 3);
  s.labels = {0, 1, 2, 0};
  EvaluationSet set = encode(testing::tiny_mlp(), s, Task::reconstruction);
  EXPECT_TRUE(set.labels.empty());
}

TEST(Dataset, SplitsByName) {
  Dataset data;
  data.train.count = 1;
  data.validation.count = 2;
  data.test.count = 3;
  EXPECT_EQ(data.split("train").count, 1);
  EXPECT_EQ(data.split("validation").count, 2);
  EXPECT_EQ(data.split("test").count, 3);
  expect_error<InputError>([&] { data.split("valdation"); }, {"split", "did you mean \"validation\""});
}

}  // namespace
}  // namespace netsurf
