// Data without answers, and images whose axes stand in another order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/model/dataset.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using ::testing::HasSubstr;

Samples samples(Shape shape) {
  Samples s;
  s.shape = std::move(shape);
  s.count = 1;
  s.values.assign(static_cast<size_t>(s.sample_size()), 0.5f);
  return s;
}

TEST(Comparison, NeedsNoAnswersAndKeepsNone) {
  Samples s = samples({6});
  EvaluationSet set = encode(testing::tiny_mlp(), s, Task::comparison);
  EXPECT_EQ(set.count, 1);
  s.labels = {1};
  EvaluationSet labelled = encode(testing::tiny_mlp(), s, Task::comparison);
  EXPECT_TRUE(labelled.labels.empty());
  EXPECT_EQ(labelled.digest, set.digest);
  EXPECT_NE(encode(testing::tiny_mlp(), s, Task::classification).digest, set.digest);
}

TEST(Comparison, ImagesInAnotherOrderOfAxesAreRefused) {
  Model model = Model::build("image",
                             {testing::input_layer({2, 3, 4}, Format{4, 0, true}),
                              testing::plain_layer(LayerKind::flatten, "flat", {0})},
                             {});
  EXPECT_EQ(encode(model, samples({2, 3, 4}), Task::comparison).sample_size, 24);
  EXPECT_EQ(encode(model, samples({24}), Task::comparison).sample_size, 24);
  try {
    encode(model, samples({4, 2, 3}), Task::comparison);
    FAIL() << "4x2x3 was taken for 2x3x4";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--channels_first"));
  }
}

TEST(Comparison, AxesOfOneMakeNoOrder) {
  Model model = Model::build("grey",
                             {testing::input_layer({2, 3, 1}, Format{4, 0, true}),
                              testing::plain_layer(LayerKind::flatten, "flat", {0})},
                             {});
  EXPECT_EQ(encode(model, samples({1, 2, 3}), Task::comparison).sample_size, 6);
}

}  // namespace
}  // namespace netsurf
