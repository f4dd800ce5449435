#include "engine/model/layer.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace netsurf {
namespace {

/// Windows of one axis that fit, counted one by one.
int count_windows(int in, int before, int after, int size, int stride, int dilation) {
  int count = 0;
  for (int start = -before; start + dilation * (size - 1) < in + after; start += stride) ++count;
  return count;
}

TEST(Window, OutputSizesAreTheWindowsThatFit) {
  for (int in = 1; in <= 9; ++in) {
    for (int size = 1; size <= 4; ++size) {
      for (int stride = 1; stride <= 3; ++stride) {
        for (int dilation = 1; dilation <= 3; ++dilation) {
          for (int pads = 0; pads <= 3; ++pads) {
            Window w{.height = size,
                     .stride_y = stride,
                     .dilation_y = dilation,
                     .pad_top = pads / 2,
                     .pad_bottom = pads - pads / 2};
            ASSERT_EQ(w.out_height(in), count_windows(in, w.pad_top, w.pad_bottom, size, stride, dilation));
            Window turned{
                .width = size, .stride_x = stride, .dilation_x = dilation, .pad_left = pads, .pad_right = 1};
            ASSERT_EQ(turned.out_width(in), count_windows(in, pads, 1, size, stride, dilation));
          }
        }
      }
    }
  }
}

TEST(Window, SamePaddingGivesTheQuotientRoundedUpWithTheOddRowLast) {
  for (int in = 1; in <= 12; ++in) {
    for (int size = 1; size <= 5; ++size) {
      for (int stride = 1; stride <= 4; ++stride) {
        Window w{.height = size, .width = size, .stride_y = stride, .stride_x = stride};
        w.pad_same(in, in + 1);
        ASSERT_EQ(w.out_height(in), (in + stride - 1) / stride);
        ASSERT_EQ(w.out_width(in + 1), (in + stride) / stride);
        ASSERT_TRUE(w.pad_bottom == w.pad_top || w.pad_bottom == w.pad_top + 1);
        ASSERT_TRUE(w.pad_right == w.pad_left || w.pad_right == w.pad_left + 1);
      }
    }
  }
  Window w{.height = 3, .width = 3, .stride_y = 2, .stride_x = 2};
  w.pad_same(28, 28);
  EXPECT_EQ(w.pad_top, 0);
  EXPECT_EQ(w.pad_bottom, 1);
}

TEST(LayerTables, RowsStandAtTheirEnumeratorsAndNamesDiffer) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kLayerKinds.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kLayerKinds[i].kind), i);
    EXPECT_EQ(name_of(kLayerKinds[i].kind), kLayerKinds[i].name);
    names.insert(kLayerKinds[i].name);
  }
  EXPECT_EQ(names.size(), kLayerKinds.size());
  EXPECT_EQ(static_cast<size_t>(LayerKind::softmax) + 1, kLayerKinds.size());
  EXPECT_EQ(name_of(ActivationFunction::hard_sigmoid), kActivationNames.back());
}

TEST(Shape, TextAndElements) {
  EXPECT_EQ(shape_text({28, 28, 1}), "28x28x1");
  EXPECT_EQ(shape_text({}), "scalar");
  EXPECT_EQ(num_elements({28, 28, 1}), 784);
  EXPECT_EQ(num_elements({}), 1);
}

TEST(Shape, AbsurdSizesNeitherOverflowNorLookSmall) {
  int huge = std::numeric_limits<int>::max();
  EXPECT_GT(num_elements({65536, 65536, 65536, 65536}), int64_t{1} << 40);
  EXPECT_GT(num_elements({huge, huge, huge, huge}), int64_t{1} << 40);
  EXPECT_LE(num_elements({-2, -3}), 0);
  EXPECT_LE(num_elements({4, 0, 4}), 0);
}

}  // namespace
}  // namespace netsurf
