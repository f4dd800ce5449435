#include "models/qonnx/reader_layout.h"

#include <gtest/gtest.h>

#include <random>

namespace netsurf::qonnx {
namespace {

using Index = std::vector<int64_t>;

TEST(ReaderLayout, ChannelsOfAChannelsFirstImageAreTheLastAxisOfTheEngine) {
  Layout image = Layout::stored({1, 3, 2, 2}, {2, 3, 1});
  EXPECT_TRUE(image.is_stored({2, 3, 1}));
  EXPECT_FALSE(image.is_stored({1, 2, 3}));
  EXPECT_EQ(image.index({1, 3, 1, 1}, 3), (Index{0, 1, 2}));
  EXPECT_EQ(image.index({1, 1, 2, 1}, 3), std::nullopt) << "varies over rows, not channels";
}

TEST(ReaderLayout, AFlattenedImageKeepsTheFilesOrderOfFeatures) {
  Layout image = Layout::stored({1, 3, 1, 2}, {2, 3, 1});
  image.reshape({1, 6});
  // The engine holds (x0 c0) (x0 c1) (x0 c2) (x1 c0) ...; the file c0 x0, c0 x1, c1 x0, ...
  EXPECT_EQ(image.index({1, 6}, 6), (Index{0, 2, 4, 1, 3, 5}));
}

TEST(ReaderLayout, TransposeThereAndBackIsNothing) {
  Layout image = Layout::stored({1, 3, 4, 5}, {2, 3, 1});
  Layout moved = image;
  ASSERT_TRUE(moved.transpose({0, 2, 3, 1}));
  EXPECT_EQ(moved.sizes(), (Sizes{1, 4, 5, 3}));
  EXPECT_TRUE(moved.is_stored({1, 2, 3}));
  EXPECT_FALSE(moved.same_order(image));
  ASSERT_TRUE(moved.transpose({0, 3, 1, 2}));
  EXPECT_TRUE(moved.same_order(image));
}

TEST(ReaderLayout, ReshapeOfFeaturesToAnImageOfOneChannelStaysInOrder) {
  Layout features = Layout::same({1, 20});
  features.reshape({1, 1, 4, 5});
  EXPECT_TRUE(features.is_stored({2, 3, 1}));
  EXPECT_TRUE(features.is_stored({1, 2, 3}));
  features.reshape({1, 2, 2, 5});
  EXPECT_FALSE(features.is_stored({2, 3, 1})) << "two channels would have to be moved";
}

TEST(ReaderLayout, AReshapeThatMixesAxesIsNoticed) {
  Layout image = Layout::stored({1, 4, 1, 6}, {2, 3, 1});
  image.reshape({1, 8, 3});
  EXPECT_TRUE(image.transpose({0, 2, 1})) << "8 = 4 x 2 along whole pieces";
  Layout other = Layout::stored({1, 4, 1, 6}, {2, 3, 1});
  other.reshape({1, 3, 8});
  EXPECT_FALSE(other.transpose({0, 2, 1})) << "3 does not divide 4";
}

TEST(ReaderLayout, AgreesWithMovingTheNumbers) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 200; ++trial) {
    // Keep for each engine position the file's position, by hand, through random transposes.
    Sizes sizes = {1, 1 + static_cast<int64_t>(random() % 3), 1 + static_cast<int64_t>(random() % 4),
                   1 + static_cast<int64_t>(random() % 3)};
    Layout layout = Layout::stored(sizes, {2, 3, 1});
    std::vector<std::vector<int64_t>> at;  // engine position -> coordinates in the file's tensor
    for (int64_t h = 0; h < sizes[2]; ++h) {
      for (int64_t w = 0; w < sizes[3]; ++w) {
        for (int64_t c = 0; c < sizes[1]; ++c) at.push_back({0, c, h, w});
      }
    }
    for (int step = 0; step < 3; ++step) {
      std::vector<int> permutation = {0, 1, 2, 3};
      std::shuffle(permutation.begin(), permutation.end(), random);
      ASSERT_TRUE(layout.transpose(permutation));
      Sizes moved;
      for (int axis : permutation) moved.push_back(sizes[static_cast<size_t>(axis)]);
      for (auto& place : at) {
        auto before = place;
        for (size_t i = 0; i < 4; ++i) place[i] = before[static_cast<size_t>(permutation[i])];
      }
      sizes = moved;
    }
    Index expected;
    for (const auto& p : at)
      expected.push_back(((p[0] * sizes[1] + p[1]) * sizes[2] + p[2]) * sizes[3] + p[3]);
    EXPECT_EQ(layout.index(sizes, static_cast<int64_t>(at.size())), expected);
  }
}

}  // namespace
}  // namespace netsurf::qonnx
