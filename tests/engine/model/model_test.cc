#include "engine/model/model.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  Model model = parts.build();
  EXPECT_EQ(model.digest(), digest);
  EXPECT_EQ(model.layers()[2].kernel, -1);
}

TEST(ModelDigest, IsFrozen) {
  // A change of these changes every model file and every result: only with another version word.
  EXPECT_EQ(testing::model_of_bits(3).digest(),
            "9d8a51890bedb06895384171bfff1b6edd15e3c5b5c04654233ec067622e2c39");
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
