// What exporters write that integers can only compute with care: averages over padded windows, zero points
// that are added before rounding, slopes of 24 bits, ReLUs without a quantizer of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/foreign/lower.h"
#include "tests/models/foreign/graphs.h"
#include "tests/reference/naive_inference.h"
#include "tests/support/float_network.h"
#include "tests/support/random.h"

namespace netsurf::foreign::testing {
namespace {

using netsurf::testing::Random;
using ::testing::HasSubstr;

/// How many outputs of random samples, drawn from all codes of the input, differ from the float network's.
int64_t differing(const Graph& graph, const Lowered& lowered, int samples = 60) {
  Random random(netsurf::testing::test_seed());
  const Model& model = lowered.model;
  const Layer& input = model.input();
  std::vector<std::vector<int32_t>> codes;
  for (const Parameter& p : model.parameters()) codes.push_back(p.codes);
  int64_t found = 0;
  for (int s = 0; s < samples; ++s) {
    FloatTensor sample{input.shape, {}};
    std::vector<int32_t> sample_codes;
    for (int64_t i = 0; i < num_elements(input.shape); ++i) {
      int64_t code = random.between(input.low_code(), input.high_code());
      sample_codes.push_back(static_cast<int32_t>(code));
      sample.values.push_back(
          static_cast<float>(std::ldexp(static_cast<double>(code), -input.format.frac_bits())));
    }
    FloatTensor theirs = run_floats(graph, sample)[static_cast<size_t>(graph.output)];
    const auto tensors = naive::infer(model, codes, sample_codes);
    const naive::Tensor& ours = naive::scored(tensors);
    double step = std::ldexp(static_cast<double>(model.layers().back().unit), -ours.frac_bits);
    EXPECT_EQ(ours.codes.size(), theirs.values.size());
    for (size_t i = 0; i < ours.codes.size(); ++i) {
      double ours_real = static_cast<double>(ours.codes[i]) * step;
      found += std::abs(ours_real - static_cast<double>(theirs.values[i])) > step / 4 ? 1 : 0;
    }
  }
  return found;
}

Chain padded_average(Window window) {
  Chain chain({5, 7, 2});
  chain.quantize("in", quantizer(0.0625f, 8, true));
  Node pool;
  pool.window = window;
  return chain.add("pool", Op::average_pool, std::move(pool));
}

TEST(LowerExact, AveragesOfPaddedWindowsRoundOnce) {
  Window window{.height = 3, .width = 2, .stride_y = 2, .stride_x = 1};
  window.pad_top = window.pad_bottom = window.pad_left = 1;
  for (int bits : {4, 8}) {
    Chain chain = padded_average(window);
    chain.quantize("act", quantizer(std::ldexp(1.0f, -bits / 2), bits, true));
    Lowered lowered = lower(chain.graph, {});
    EXPECT_EQ(differing(chain.graph, lowered), 0) << bits << " bits";
    EXPECT_TRUE(lowered.assumptions.empty());
  }
}

TEST(LowerExact, DilatedWindowsAreCountedToo) {
  Window window{.height = 2, .width = 3, .dilation_y = 3, .dilation_x = 2};
  window.pad_top = window.pad_left = window.pad_right = 2;
  Chain chain = padded_average(window);
  chain.quantize("act", quantizer(0.03125f, 8, true));
  EXPECT_EQ(differing(chain.graph, lower(chain.graph, {})), 0);
}

TEST(LowerExact, AveragesTooWideForACommonMultipleAreRoundedAloud) {
  Window window{.height = 3, .width = 3, .stride_y = 2, .stride_x = 2};
  window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = 1;
  Chain chain = padded_average(window);
  chain.graph.nodes[1].quantizer = quantizer(0.0625f, 16, true);
  chain.quantize("act", quantizer(0.0625f, 8, true));
  EXPECT_THAT(lower(chain.graph, {}).assumptions.at(0), HasSubstr("too wide for a common multiple"));
}

TEST(LowerExact, ZeroPointsAddedBeforeRoundingAreExactInEveryWayToRound) {
  for (int mode = 0; mode < 9; ++mode) {
    for (int zero_point : {3, 4, -5}) {
      for (bool is_signed : {true, false}) {
        Quantizer q = quantizer(0.25f, 6, is_signed);
        q.zero_point = {zero_point};
        q.rounds_shifted = true;
        q.rounding = static_cast<core::Rounding>(mode);
        Chain chain({16});
        chain.quantize("in", quantizer(0.0625f, 8, true)).add("relu", Op::leaky_relu).quantize("act", q);
        chain.graph.nodes[2].alpha = 0.5;
        EXPECT_EQ(differing(chain.graph, lower(chain.graph, {})), 0)
            << name_of(q.rounding) << ", zero point " << zero_point << (is_signed ? " signed" : " unsigned");
      }
    }
  }
}

TEST(LowerExact, FunctionsOfWhichTheRangeLeavesZeroAloneGiveZero) {
  // The quantizer's codes end at 0, the functions begin there.
  Quantizer q = quantizer(0.25f, 6, true);
  q.zero_point = {31};
  for (Op op : {Op::clip, Op::hard_sigmoid}) {
    Chain chain({16});
    chain.quantize("in", quantizer(0.0625f, 8, true)).add("function", op).quantize("act", q);
    chain.graph.nodes[2].minimum = 0;
    chain.graph.nodes[2].maximum = 4;
    EXPECT_EQ(differing(chain.graph, lower(chain.graph, {})), 0) << static_cast<int>(op);
  }
}

TEST(LowerExact, AnOddZeroPointAtTheInputIsSaidToMoveTies) {
  Quantizer q = quantizer(0.25f, 6, true);
  q.zero_point = {3};
  q.rounds_shifted = true;
  Chain chain({2});
  chain.quantize("in", q);
  chain.constant("fc", Op::dense, stored("w", {1, 2}, {3, -2}, quantizer(0.25f, 4, true)));
  EXPECT_THAT(lower(chain.graph, {}).assumptions.at(0), HasSubstr("ties of \"in\""));
  // Toward the file's zero is another code for every number between two codes: no encoding of the data.
  q.rounding = core::Rounding::to_zero;
  chain.graph.nodes[1].quantizer = q;
  EXPECT_EQ(lower(chain.graph, {}).model.input().format.bits, 16);
}

TEST(LowerExact, SlopesThatFloatsRoundAreCountedOrThresholds) {
  auto leaky = [](double slope, int bits) {
    Chain chain({24});
    chain.quantize("in", quantizer(0.015625f, 12, true)).add("leaky", Op::leaky_relu);
    chain.graph.nodes[2].alpha = slope;
    return chain.quantize("act", quantizer(std::ldexp(1.0f, 1 - bits / 2), bits, true));
  };
  Chain wide = leaky(0.3, 9);
  Lowered counted = lower(wide.graph, {});
  ASSERT_EQ(counted.differences.size(), 1u);
  EXPECT_EQ(counted.differences[0].node, "act");
  EXPECT_GT(counted.differences[0].differing, 0);
  EXPECT_GT(differing(wide.graph, counted, 600), 0) << "the count would have nothing to count";
  Chain narrow = leaky(0.3, 4);
  EXPECT_EQ(differing(narrow.graph, lower(narrow.graph, {})), 0);
  EXPECT_TRUE(lower(leaky(0.125, 9).graph, {}).differences.empty());
}

TEST(LowerExact, AReluOfCodesNeedsNoQuantizerOfItsOwn) {
  Chain chain({3});
  chain.quantize("in", quantizer(0.0625f, 8, true)).add("relu", Op::relu);
  chain.constant("fc", Op::dense, stored("w", {2, 3}, {3, -2, 1, 1, -4, 2}, quantizer(0.25f, 4, true)));
  Lowered lowered = lower(chain.graph, {});
  EXPECT_EQ(lowered.model.layers()[1].function, ActivationFunction::relu);
  EXPECT_EQ(differing(chain.graph, lowered), 0);
}

}  // namespace
}  // namespace netsurf::foreign::testing
