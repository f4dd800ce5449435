#include "engine/model/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::activation_layer;
using testing::branched;
using testing::dense_layer;
using testing::filled_parameter;
using testing::input_layer;
using testing::mlp_parts;
using testing::Parts;
using testing::plain_layer;
using testing::Random;
using testing::shuffled;

const Format kByte{8, 0, true};

TEST(ModelOrder, DoesNotDependOnTheOrderGiven) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Parts parts = branched(seed);
    Model model = parts.build();
    Random random(seed);
    for (int i = 0; i < 40; ++i) {
      Model again = shuffled(parts, random).build();
      ASSERT_EQ(again.digest(), model.digest());
      for (size_t l = 0; l < model.layers().size(); ++l)
        ASSERT_EQ(again.layers()[l].name, model.layers()[l].name);
    }
  }
}

TEST(ModelOrder, TwinBranchesWithDifferentReadersDoNotDependOnTheOrderGiven) {
  // Two layers with equal inputs, attributes and codes: only what reads them tells them apart.
  Parts parts = {{input_layer({4}, kByte), dense_layer("a", 0, 0), dense_layer("b", 0, 1),
                  activation_layer("ra", 1, ActivationFunction::relu, Format{4, 2, false}),
                  activation_layer("rb", 2, ActivationFunction::hard_tanh, Format{4, 2, true}),
                  plain_layer(LayerKind::concatenate, "join", {3, 4})},
                 {filled_parameter("ak", {3, 4}, kByte, 1), filled_parameter("bk", {3, 4}, kByte, 1)}};
  std::set<std::string> digests;
  Random random(1);
  for (int i = 0; i < 40; ++i) digests.insert(shuffled(parts, random).build().digest());
  EXPECT_EQ(digests.size(), 1u);
}

TEST(ModelOrder, TheInputComesFirstAndParametersInOrderOfUse) {
  Random random(3);
  Model model = shuffled(branched(2), random).build();
  EXPECT_EQ(model.input().kind, LayerKind::input);
  EXPECT_EQ(model.layers().back().name, "probabilities");
  EXPECT_EQ(model.layers()[static_cast<size_t>(model.scored_layer())].name, "flat");
  int next = 0;
  for (size_t i = 0; i < model.layers().size(); ++i) {
    const Layer& layer = model.layers()[i];
    for (int input : layer.inputs) EXPECT_LT(input, static_cast<int>(i));
    for (int role : {layer.kernel, layer.bias, layer.scale, layer.shift}) {
      EXPECT_LE(role, next);
      if (role == next) ++next;
    }
  }
  EXPECT_EQ(next, 6);
}

TEST(ModelDigest, EveryPartThatDecidesOutcomesChangesIt) {
  using Change = std::function<void(Parts&)>;
  const std::vector<std::pair<const char*, Change>> changes = {
      {"nothing", [](Parts&) {}},
      {"a code", [](Parts& p) { p.parameters[2].codes[0] ^= 1; }},
      {"a sign", [](Parts& p) { p.parameters[4].codes[1] = ~p.parameters[4].codes[1]; }},
      {"a parameter's bits", [](Parts& p) { ++p.parameters[1].format.bits; }},
      {"a parameter's step", [](Parts& p) { ++p.parameters[1].format.integer_bits; }},
      {"a mask",
       [](Parts& p) {
         p.parameters[1].pruned = {1, 0}, p.parameters[1].codes[0] = 0;
       }},
      {"a whole mask", [](Parts& p) { p.parameters[5].pruned.assign(p.parameters[5].codes.size(), 0); }},
      {"the input format",
       [](Parts& p) {
         p.layers[0].format = Format{8, 1, true};
       }},
      {"the input sign",
       [](Parts& p) {
         p.layers[0].format = Format{8, 1, false};
       }},
      {"an activation", [](Parts& p) { p.layers[4].function = ActivationFunction::linear; }},
      {"an activation's format", [](Parts& p) { p.layers[4].format.bits = 7; }},
      {"a padding", [](Parts& p) { p.layers[1].window.pad_top = 2, p.layers[1].window.pad_bottom = 0; }},
      {"a stride", [](Parts& p) { p.layers[10].window.stride_y = 2; }},
      {"a dilation",
       [](Parts& p) {
         p.layers[1].window.dilation_x = 2, p.layers[1].window.pad_left = 2, p.layers[1].window.pad_right = 2;
       }},
      {"a missing bias",
       [](Parts& p) {
         p.layers[1].bias = -1, p.layers[3].kernel = -1, p.parameters.erase(p.parameters.begin() + 1),
         p.layers[2].kernel = 1, p.layers[3].scale = 2, p.layers[3].shift = 3, p.layers[10].kernel = 4;
       }},
      {"a wire",
       [](Parts& p) {
         p.layers[7].inputs = {4, 5}, p.layers[8].inputs = {7, 6, 0};
       }},
      {"an order",
       [](Parts& p) {
         p.layers[8].inputs = {5, 7, 0};
       }},
      {"the softmax", [](Parts& p) { p.layers.pop_back(); }},
      {"a range", [](Parts& p) { p.layers[4].low = -5, p.layers[4].high = 9; }},
      {"another range", [](Parts& p) { p.layers[4].low = -6, p.layers[4].high = 9; }},
      {"the input range", [](Parts& p) { p.layers[0].high = 9; }},
      {"a rounding", [](Parts& p) { p.layers[4].rounding = core::Rounding::floor; }},
      {"the input rounding", [](Parts& p) { p.layers[0].rounding = core::Rounding::floor; }},
      {"wrapping", [](Parts& p) { p.layers[4].wraps = true; }},
      {"a leak", [](Parts& p) { p.layers[4].function = ActivationFunction::leaky_relu; }},
      {"a slope",
       [](Parts& p) {
         p.layers[4].function = ActivationFunction::leaky_relu;
         p.layers[4].slope = 1;
       }},
      {"a finer slope",
       [](Parts& p) {
         p.layers[4].function = ActivationFunction::leaky_relu;
         p.layers[4].slope = 1, p.layers[4].slope_shift = 2;
       }},
      {"the input unit", [](Parts& p) { p.layers[0].unit = 0.1f; }},
      {"the output unit", [](Parts& p) { p.layers[12].unit = 0.1f; }},
      {"a zero point", [](Parts& p) { p.parameters[1].zero_point = 1; }},
      {"a constant", [](Parts& p) { p.parameters[1].constant = true; }},
      {"an unsigned bit",
       [](Parts& p) {
         p.parameters[1].format = Format{1, 1, false}, p.parameters[1].codes = {0, 1};
       }},
      {"a bipolar bit",
       [](Parts& p) {
         p.parameters[1].format = Format{1, 1, false}, p.parameters[1].codes = {0, 1};
         p.parameters[1].bipolar = true;
       }},
  };
  std::set<std::string> digests;
  for (const auto& [what, change] : changes) {
    Parts parts = branched(1);
    change(parts);
    EXPECT_TRUE(digests.insert(parts.build().digest()).second) << what;
  }
}

TEST(ModelDigest, NamesAndNotesDoNotChangeIt) {
  Parts parts = branched(1);
  std::string digest = parts.build().digest();
  for (Layer& layer : parts.layers) layer.name += "_renamed";
  for (Parameter& parameter : parts.parameters) parameter.name = "p";
  Model other = Model::build("another name", parts.layers, parts.parameters, {{"seed", "7"}});
  EXPECT_EQ(other.digest(), digest);
  EXPECT_EQ(other.name(), "another name");
  EXPECT_EQ(other.notes().at("seed"), "7");
}

TEST(ModelDigest, WhatAKindDoesNotReadDoesNotChangeIt) {
  Parts parts = mlp_parts();
  std::string digest = parts.build().digest();
  parts.layers[2].kernel = 0;
  parts.layers[1].shift = 1;
  parts.layers[1].format = Format{3, 1, true};
  parts.layers[1].window.height = 3;
  parts.layers[3].groups = 2;
  parts.layers[3].function = ActivationFunction::relu;
  parts.layers[2].shape = {5};
  parts.layers[1].thresholds = 2;
  parts.layers[1].low = 3;
  parts.layers[1].rounding = core::Rounding::ceil;
  parts.layers[2].slope = 5;
  parts.layers[2].slope_shift = 3;
  parts.layers[0].wraps = true;
  Model model = parts.build();
  EXPECT_EQ(model.digest(), digest);
  EXPECT_EQ(model.layers()[2].kernel, -1);
  EXPECT_EQ(model.layers()[2].slope, 0);
}

TEST(ModelDigest, ARangeWrittenOutIsTheSameAsNone) {
  Parts parts = mlp_parts();
  std::string digest = parts.build().digest();
  parts.layers[0].low = -32;
  parts.layers[0].high = 31;
  parts.layers[2].high = 63;
  Model model = parts.build();
  EXPECT_EQ(model.digest(), digest);
  EXPECT_EQ(model.input().low, 0);
  EXPECT_EQ(model.input().high, 0);
  EXPECT_EQ(model.layers()[2].high, 0);
  parts.layers[2].high = 62;
  EXPECT_NE(parts.build().digest(), digest);
}

TEST(ModelDigest, StrayWindowsAndGroupsOfTheNewKindsDoNotChangeIt) {
  Parts parts = {{input_layer({2, 2, 2}, kByte),
                  testing::window_layer(LayerKind::upsample, "u", 0, {.height = 2, .width = 2}),
                  testing::transposed_layer("t", 1, 0, -1, {.height = 2, .width = 2})},
                 {filled_parameter("k", {3, 2, 2, 2}, kByte, 1)}};
  std::string digest = parts.build().digest();
  parts.layers[1].window.stride_y = 2;
  parts.layers[1].window.pad_top = 1;
  parts.layers[2].groups = 2;
  EXPECT_EQ(parts.build().digest(), digest);
  parts.layers[1].window.width = 1;
  EXPECT_NE(parts.build().digest(), digest);
}

/// Two thresholds of one branched network.
Parts with_thresholds() {
  Random random(5);
  return {{input_layer({4}, kByte), testing::threshold_layer("t", 0, 0, Format{4, 3, true}, -3, 3),
           testing::threshold_layer("u", 0, 1, Format{4, 3, true}, 0, 6),
           plain_layer(LayerKind::concatenate, "join", {1, 2}), dense_layer("d", 3, 2)},
          {testing::random_parameter("tr", {4, 3}, kByte, random),
           testing::random_parameter("ur", {1, 2}, kByte, random),
           testing::random_parameter("k", {2, 8}, kByte, random)}};
}

TEST(ModelOrder, ThresholdsTakePartInOrderAndDigest) {
  Parts parts = with_thresholds();
  Model model = parts.build();
  Random random(1);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(shuffled(parts, random).build().digest(), model.digest());
  EXPECT_EQ(model.num_weights(), 12 + 2 + 16);
  std::set<std::string> digests = {model.digest()};
  parts.parameters[1].codes[1] ^= 1;
  EXPECT_TRUE(digests.insert(parts.build().digest()).second);
  parts.layers[2].low = -6;
  EXPECT_TRUE(digests.insert(parts.build().digest()).second);
  // One parameter for both layers.
  parts = with_thresholds();
  parts.layers[1] = testing::threshold_layer("t", 0, 1, Format{4, 3, true}, -4, 4);
  parts.layers[4].kernel = 0;
  parts.parameters.erase(parts.parameters.begin());
  std::swap(parts.parameters[0], parts.parameters[1]);
  EXPECT_EQ(parts.build().parameters().size(), 2u);
}

TEST(ModelDigest, IsFrozen) {
  // A change of these changes every model file and every result: only with another version word.
  EXPECT_EQ(testing::model_of_bits(3).digest(),
            "9d8a51890bedb06895384171bfff1b6edd15e3c5b5c04654233ec067622e2c39");
  EXPECT_EQ(branched(1).build().digest(), "6176a9b80c11301196a0460ef8aec2afd4a7570dd0befeb846c6e78726049b52");
  EXPECT_EQ(branched(2).build().digest(), "3c741d51966a6267fadfa99834de231bb263500e06707699bb9fccfacc8c8dbe");
  EXPECT_EQ(mlp_parts().build().digest(), "168de6205f2941046e7fa8b308ab8cec099767a6e8cd34c0b56058be9d597183");
}

TEST(ModelCounts, WeightsBitsMacsAndSparsity) {
  Model model = mlp_parts().build();
  EXPECT_EQ(model.num_weights(), 30 + 5 + 15 + 3);
  EXPECT_EQ(model.num_bits(), 30 * 6 + 5 * 8 + 15 * 6 + 3 * 8);
  EXPECT_EQ(model.num_macs(), 30 + 15);
  EXPECT_EQ(model.sparsity(), 0.0);
  EXPECT_EQ(model.scored_layer(), 3);
  Parts parts = branched(1);
  parts.parameters[0].pruned.assign(36, 1);
  parts.parameters[0].codes.assign(36, 0);
  parts.parameters[5].pruned.clear();
  EXPECT_EQ(parts.build().sparsity(), 1.0);
  EXPECT_EQ(parts.build().num_macs(), 4 * 4 * 36 + 4 * 4 * 4 + 3 * 96);
}

TEST(ModelCounts, ConstantsAreNotStored) {
  Parts parts = mlp_parts();
  parts.parameters[1].constant = true;
  parts.parameters[2].constant = true;
  Model model = parts.build();
  EXPECT_EQ(model.num_weights(), 30 + 3);
  EXPECT_EQ(model.num_bits(), 30 * 6 + 3 * 8);
  EXPECT_EQ(model.num_macs(), 30 + 15);
}

TEST(ModelCounts, ATransposedConvolutionMultipliesEveryInputByItsKernel) {
  Model model = Model::build(
      "t",
      {input_layer({3, 3, 2}, kByte),
       testing::transposed_layer("t", 0, 0, -1, {.height = 2, .width = 2, .stride_y = 2, .stride_x = 2})},
      {filled_parameter("k", {5, 2, 2, 2}, kByte, 1)});
  EXPECT_EQ(model.num_macs(), 9 * 2 * 2 * 2 * 5);
}

TEST(ModelRefusals, Units) {
  auto refused = [](size_t layer, float unit, std::initializer_list<std::string_view> pieces) {
    Parts parts = mlp_parts();
    parts.layers[layer].unit = unit;
    expect_error<InputError>([&] { parts.build(); }, pieces);
  };
  for (float unit : {0.0f, -1.0f, 1e30f, 1e-30f, std::nanf(""), INFINITY})
    refused(0, unit, {"\"input\" has unit", "expected 2^-64 to 2^64"});
  refused(1, 0.5f, {"\"first\" has unit 0.5", "only the input layer and the output layer"});
  Parts parts = mlp_parts();
  parts.layers.push_back(plain_layer(LayerKind::softmax, "s", {3}));
  parts.layers[3].unit = 0.5f;
  expect_error<InputError>([&] { parts.build(); }, {"\"second\" has unit"});
}

TEST(ModelRefusals, Wiring) {
  auto refused = [](const std::function<void(Parts&)>& change,
                    std::initializer_list<std::string_view> pieces) {
    Parts parts = mlp_parts();
    change(parts);
    expect_error<InputError>([&] { parts.build(); }, pieces);
  };
  refused([](Parts& p) { p.layers[1].inputs = {1}; }, {"a model has 2 layers that nobody reads"});
  refused([](Parts& p) { p.layers[3].inputs = {3}; }, {"cycle"});
  refused([](Parts& p) { p.layers.push_back(dense_layer("second output", 2, 2)); },
          {"2 layers that nobody reads", "one"});
  refused([](Parts& p) { p.layers.push_back(input_layer({6}, kByte)); }, {"2 input layers", "expected one"});
  refused([](Parts& p) { p.layers[0] = plain_layer(LayerKind::flatten, "x", {1}); }, {"0 input layers"});
  refused([](Parts& p) { p.layers[2].inputs = {9}; }, {"\"relu\"", "layer 9", "does not exist"});
  refused([](Parts& p) { p.layers[2].inputs = {-1}; }, {"\"relu\"", "layer -1", "does not exist"});
  refused([](Parts& p) { p.layers[3].kernel = 9; }, {"\"second\"", "parameter 9", "does not exist"});
  refused([](Parts& p) { p.layers[3].bias = -2; }, {"parameter -2", "does not exist"});
  refused([](Parts& p) { p.layers[3].bias = -1; }, {"\"second/bias\"", "used by no layer"});
  refused([](Parts& p) { p.layers[2] = plain_layer(LayerKind::softmax, "middle", {1}); },
          {"\"second\"", "softmax", "last"});
  refused([](Parts& p) { p.layers.clear(); }, {"at least an input"});
}

TEST(ModelRefusals, AllCycles) {
  // A ring beside a sound path: every layer is read, and one output remains.
  expect_error<InputError>(
      [] {
        Model::build("ring",
                     {input_layer({4}, kByte), plain_layer(LayerKind::flatten, "x", {2}),
                      plain_layer(LayerKind::flatten, "y", {1}), plain_layer(LayerKind::add, "sum", {0, 1})},
                     {});
      },
      {"cycle"});
}

TEST(ModelRefusals, Parameters) {
  auto refused = [](const std::function<void(Parameter&)>& change,
                    std::initializer_list<std::string_view> pieces) {
    Parts parts = mlp_parts();
    change(parts.parameters[2]);
    expect_error<InputError>([&] { parts.build(); }, {"parameter \"second/kernel\""});
    expect_error<InputError>([&] { parts.build(); }, pieces);
  };
  refused([](Parameter& p) { p.codes[4] = 32; }, {"code 32", "element 4", "q<6,0,1>"});
  refused([](Parameter& p) { p.codes[0] = -33; }, {"code -33", "element 0"});
  refused([](Parameter& p) { p.pruned.assign(15, 0), p.pruned[3] = 1, p.codes[3] = 5; },
          {"element 3 is pruned but has code 5"});
  refused([](Parameter& p) { p.pruned.assign(14, 0); }, {"mask"});
  refused([](Parameter& p) { p.zero_point = 3, p.codes[2] = 0, p.pruned.assign(15, 0), p.pruned[2] = 1; },
          {"element 2 is pruned but has code 0", "expected 3"});
  refused([](Parameter& p) { p.format.bits = 17, p.zero_point = 1; },
          {"zero point 1 and 17 bits", "at most 16"});
  refused([](Parameter& p) { p.zero_point = INT32_MIN; }, {"zero point -2147483648"});
  auto bipolar = [](Parameter& p) {
    p.format = Format{1, 1, false};
    p.codes.assign(15, 1);
    p.bipolar = true;
  };
  refused([&](Parameter& p) { bipolar(p), p.format.is_signed = true, p.codes.assign(15, 0); },
          {"bipolar", "q<1,1,1>"});
  refused([&](Parameter& p) { bipolar(p), p.format.bits = 2; }, {"bipolar", "one unsigned bit"});
  refused([&](Parameter& p) { bipolar(p), p.zero_point = 1; }, {"bipolar", "zero point 1"});
  refused([&](Parameter& p) { bipolar(p), p.pruned.assign(15, 0); }, {"bipolar", "mask"});
  refused([](Parameter& p) { p.codes.pop_back(); }, {"14 codes", "expected 15 for 3x5"});
  refused([](Parameter& p) { p.format.bits = 0; }, {"0 bits", "1 to 32"});
  refused([](Parameter& p) { p.format.bits = 33; }, {"33 bits", "1 to 32"});
  refused([](Parameter& p) { p.format = Format{32, 0, false}; }, {"32 bits", "1 to 31"});
  refused([](Parameter& p) { p.format.integer_bits = 200; }, {"step is out of range"});
  refused([](Parameter& p) { p.shape = {3, -5}; }, {"shape"});
  refused([](Parameter& p) { p.shape = {}; }, {"shape"});
  refused([](Parameter& p) { p.shape = {1, 1, 1, 3, 5}; }, {"shape"});
  refused([](Parameter& p) { p.shape = {65536, 65536, 65536, 65536}, p.codes.clear(); }, {"0 codes"});
}

TEST(ModelBuild, AnInputAloneIsAModel) {
  Model model = Model::build("input", {input_layer({4}, kByte)}, {});
  EXPECT_EQ(model.num_bits(), 0);
  EXPECT_EQ(model.output(), 0);
}

}  // namespace
}  // namespace netsurf
