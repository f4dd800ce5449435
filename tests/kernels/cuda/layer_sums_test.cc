// How output channels and samples are dealt to threads, in tiles and columns of any ragged size.
#include "kernels/cuda/layer_sums.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/cuda/layer_host.h"
#include "tests/support/random.h"

namespace netsurf::cuda {
namespace {

/// How often the columns of kSamples samples name each sample.
template <int kSamples>
std::vector<int> uses_of(int num_samples) {
  std::vector<int> uses(static_cast<size_t>(num_samples));
  for (int column = 0; column < num_columns<kSamples>(num_samples); ++column) {
    int first = first_sample<kSamples>(column);
    EXPECT_LT(first, num_samples) << "a column of nothing";
    for (int s = 0; s < kSamples; ++s) {
      auto sample = static_cast<size_t>(first + s * kColumnStep);
      if (sample < uses.size()) ++uses[sample];
    }
  }
  return uses;
}

TEST(Columns, HaveEverySampleOnce) {
  for (int num_samples = 1; num_samples < 400; ++num_samples) {
    std::vector<int> once(static_cast<size_t>(num_samples), 1);
    EXPECT_EQ(uses_of<1>(num_samples), once);
    EXPECT_EQ(uses_of<4>(num_samples), once);
  }
}

/// Two lanes of a dense layer, or of one 1 x 1 convolution over three pixels, with groups; every sum.
template <typename Sum>
void check_sums(int group_outputs, int num_groups, int num_samples, bool takes_bytes,
                testing::Random& random) {
  constexpr int kLanes = 2, kPixels = 3;
  const int group_channels = random.of<int>({5, 32, 37});
  const bool is_signed = random.chance(50);
  const int outputs = group_outputs * num_groups, channels = group_channels * num_groups;
  const int64_t words = int64_t{outputs} * (group_channels + 1);
  std::vector<int32_t> images, x;
  for (int64_t i = 0; i < kLanes * words; ++i) images.push_back(random.pick(-128, 127));
  for (int i = 0; i < kLanes * kPixels * channels * num_samples; ++i)
    x.push_back(is_signed ? random.pick(-128, 127) : random.pick(0, 255));
  const int guard = 7;  // values behind the last that nobody may write
  std::vector<Sum> y(static_cast<size_t>(kLanes * kPixels * outputs * num_samples + guard), guard);

  SumsOp op;
  op.x = {x.data(), int64_t{kPixels} * channels * num_samples, num_samples, false};
  op.y = {y.data(), int64_t{kPixels} * outputs * num_samples, num_samples, sizeof(Sum) == sizeof(int64_t)};
  op.window.in_height = op.window.out_height = kPixels;
  op.window.channels = channels;
  op.num_groups = num_groups;
  op.group_channels = group_channels;
  op.group_outputs = group_outputs;
  op.kernel_stride = group_channels;
  op.bias = int64_t{outputs} * group_channels;
  op.wide_sums = op.y.is_wide;
  op.takes_bytes = takes_bytes;
  op.reads_signed = is_signed;
  op.product_shift = 1;
  op.bias_shift = 2;
  run_layer_on_host(op, {images.data(), words, kLanes, num_samples});

  size_t place = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    const int32_t* image = images.data() + lane * words;
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      for (int output = 0; output < outputs; ++output) {
        for (int sample = 0; sample < num_samples; ++sample, ++place) {
          Sum sum = 0;
          for (int i = 0; i < group_channels; ++i) {
            int element = (lane * kPixels + pixel) * channels + output / group_outputs * group_channels + i;
            sum +=
                image[output * group_channels + i] * x[static_cast<size_t>(element * num_samples + sample)];
          }
          ASSERT_EQ(y[place], 2 * sum + 4 * image[op.bias + output])
              << group_outputs << " outputs of " << num_groups << " groups, " << num_samples
              << " samples, lane " << lane << ", pixel " << pixel << ", output " << output << ", sample "
              << sample;
        }
      }
    }
  }
  for (; place < y.size(); ++place) ASSERT_EQ(y[place], guard);
}

TEST(Sums, TilesAndColumnsOfAnySizeGiveEverySum) {
  testing::Random random(1);
  for (int group_outputs : {1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 39}) {
    for (int num_samples : {1, 15, 16, 17, 31, 33, 127, 128, 129, 160, 255, 257, 300}) {
      int num_groups = group_outputs < 10 ? 3 : 1;
      check_sums<int32_t>(group_outputs, num_groups, num_samples, false, random);
      check_sums<int64_t>(group_outputs, num_groups, num_samples, false, random);
      check_sums<int32_t>(group_outputs, 1, num_samples, true, random);
    }
  }
}

}  // namespace
}  // namespace netsurf::cuda
