#include "engine/faults/bit_space.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::branched;
using testing::dense_layer;
using testing::filled_parameter;
using testing::input_layer;
using testing::model_of_bits;
using testing::Parts;
using testing::plain_layer;

const Format kByte{8, 0, true};

/// Every present bit in the order docs/reproducibility.md gives, by walking all elements.
std::vector<BitAddress> walk(const Model& model, bool stored) {
  std::vector<BitAddress> all;
  for (size_t p = 0; p < model.parameters().size(); ++p) {
    const Parameter& parameter = model.parameters()[p];
    for (size_t e = 0; e < parameter.codes.size(); ++e) {
      if (!stored && !parameter.pruned.empty() && parameter.pruned[e] != 0) continue;
      for (int bit = 0; bit < parameter.format.bits; ++bit)
        all.push_back({static_cast<int>(p), static_cast<int64_t>(e), bit});
    }
  }
  return all;
}

/// A dense layer of ten weights with the given mask.
Model masked(std::vector<uint8_t> pruned, int32_t code = 0) {
  Parameter kernel = filled_parameter("k", {2, 5}, Format{3, 0, true}, code);
  for (size_t i = 0; i < pruned.size(); ++i) {
    if (pruned[i] != 0) kernel.codes[i] = 0;
  }
  kernel.pruned = std::move(pruned);
  return Model::build("masked", {input_layer({5}, kByte), dense_layer("d", 0, 0)}, {kernel});
}

TEST(BitSpace, EveryIdRoundTripsInTheStatedOrder) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Model model = branched(seed).build();
    for (bool stored : {false, true}) {
      BitSpace space(model, stored ? BitSpace::Pruned::stored : BitSpace::Pruned::absent);
      std::vector<BitAddress> expected = walk(model, stored);
      ASSERT_EQ(space.size(), expected.size());
      for (BitId id = 0; id < space.size(); ++id) {
        ASSERT_EQ(space.address(id), expected[id]) << id;
        ASSERT_EQ(space.id(expected[id]), id);
      }
    }
    EXPECT_EQ(BitSpace(model, BitSpace::Pruned::stored).size(), static_cast<uint64_t>(model.num_bits()));
    EXPECT_LT(BitSpace(model).size(), static_cast<uint64_t>(model.num_bits()));
  }
}

TEST(BitSpace, SegmentsTileTheIds) {
  BitSpace space(branched(1).build());
  BitId next = 0;
  for (const BitSpace::Segment& segment : space.segments()) {
    EXPECT_EQ(segment.begin, next);
    EXPECT_GT(segment.end, segment.begin);
    next = segment.end;
  }
  EXPECT_EQ(next, space.size());
}

TEST(BitSpace, HasExactlyTheBitsAskedFor) {
  for (int bits : {1, 2, 100, 4096, 5000})
    EXPECT_EQ(BitSpace(model_of_bits(bits)).size(), static_cast<uint64_t>(bits));
}

TEST(BitSpace, ASharedTensorCountsOnce) {
  Format narrow{8, 3, true};
  Model shared = Model::build(
      "shared",
      {input_layer({4}, kByte), dense_layer("a", 0, 0),
       testing::activation_layer("r", 1, ActivationFunction::linear, narrow), dense_layer("b", 2, 0)},
      {filled_parameter("k", {4, 4}, kByte, 1)});
  EXPECT_EQ(BitSpace(shared).size(), 16u * 8);
}

TEST(BitSpace, APrunedParameterInTheMiddleTakesNoIds) {
  Parts parts = testing::mlp_parts();
  parts.parameters[1].pruned.assign(5, 1);
  parts.parameters[1].codes.assign(5, 0);
  BitSpace space(parts.build());
  EXPECT_EQ(space.size(), 30u * 6 + 15 * 6 + 3 * 8);
  EXPECT_EQ(space.address(179), (BitAddress{0, 29, 5}));
  EXPECT_EQ(space.address(180), (BitAddress{2, 0, 0}));
  EXPECT_EQ(space.id({2, 0, 0}), 180u);
}

TEST(BitSpace, ConstantsHaveNoBits) {
  for (BitSpace::Pruned pruned : {BitSpace::Pruned::absent, BitSpace::Pruned::stored}) {
    Parts parts = testing::mlp_parts();
    parts.parameters[1].constant = true;
    Model model = parts.build();
    BitSpace space(model, pruned);
    EXPECT_EQ(space.size(), 30u * 6 + 15 * 6 + 3 * 8);
    EXPECT_EQ(space.size(), static_cast<uint64_t>(model.num_bits()));
    EXPECT_EQ(space.address(179), (BitAddress{0, 29, 5}));
    EXPECT_EQ(space.address(180), (BitAddress{2, 0, 0}));
    EXPECT_EQ(space.id({2, 0, 0}), 180u);
    EXPECT_NE(space.digest(), BitSpace(testing::mlp_parts().build()).digest());
  }
}

TEST(BitSpaceDigest, DependsOnMasksAndNotOnValues) {
  std::set<std::string> digests;
  auto is_new = [&](const Model& model) { return digests.insert(BitSpace(model).digest()).second; };
  EXPECT_TRUE(is_new(masked({})));
  EXPECT_FALSE(is_new(masked({}, -4)));
  EXPECT_FALSE(is_new(masked(std::vector<uint8_t>(10, 0), 3)));  // a mask that prunes nothing
  EXPECT_TRUE(is_new(masked(std::vector<uint8_t>(10, 1))));
  EXPECT_TRUE(is_new(masked({1, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
  EXPECT_TRUE(is_new(masked({0, 1, 0, 0, 0, 0, 0, 0, 0, 0})));
  EXPECT_FALSE(is_new(masked({0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 2)));
  EXPECT_EQ(BitSpace(masked({1, 0, 0, 0, 0, 0, 0, 0, 0, 0}), BitSpace::Pruned::stored).digest(),
            BitSpace(masked({})).digest());
}

TEST(BitSpaceDigest, DependsOnShapesAndBits) {
  auto digest = [](Shape kernel, int bits) {
    int inputs = kernel[1];
    return BitSpace(Model::build("m", {input_layer({inputs}, kByte), dense_layer("d", 0, 0)},
                                 {filled_parameter("k", std::move(kernel), Format{bits, 0, true}, 0)}))
        .digest();
  };
  EXPECT_EQ((std::set<std::string>{digest({2, 6}, 4), digest({6, 2}, 4), digest({3, 4}, 4), digest({2, 3}, 8),
                                   digest({2, 6}, 2)})
                .size(),
            5u);
}

TEST(BitSpaceDigest, DoesNotDependOnTheOrderOfTheFile) {
  Parts parts = branched(3);
  testing::Random random(8);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(BitSpace(testing::shuffled(parts, random).build()).digest(), BitSpace(parts.build()).digest());
}

TEST(BitSpaceDigest, IsFrozen) {
  // A change of this changes every fault list: only with another version word.
  EXPECT_EQ(BitSpace(model_of_bits(100)).digest(),
            "b66ef9029ad0ed745ac6a6917ed96c736a9bc74edaff2429941e6ac1d6ac37e1");
  EXPECT_EQ(BitSpace(masked({0, 1, 0, 0, 0, 0, 0, 0, 1, 0})).digest(),
            "217b01d7ced6b4d92429ed2b244bc70c4e6b88852ee939cc69ae2c17c4ba252a");
  EXPECT_EQ(BitSpace(branched(1).build()).digest(),
            "9bbf2957a27d1f91a3e93c2ed938f465f641f32ce01cec4c5201cb0b5e45725f");
}

}  // namespace
}  // namespace netsurf
