// Rankings by stored patterns, against their definitions written out slowly.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/rank/ranker.h"
#include "tests/engine/rank/models.h"

namespace netsurf {
namespace {

using test::make_dense;

int bit_of(int32_t code, int bit) { return static_cast<int>(static_cast<uint32_t>(code) >> bit & 1); }

/// The places of the codes in the order that the recursion takes them out.
std::vector<size_t> recursive_order(const std::vector<int32_t>& codes, int bits) {
  std::vector<size_t> left(codes.size()), order;
  std::iota(left.begin(), left.end(), size_t{0});
  while (!left.empty()) {
    std::vector<size_t> group = left;
    size_t zeros = 0, ones = 0;
    for (int bit = bits - 1; bit >= 0; --bit) {
      ones = static_cast<size_t>(
          std::count_if(group.begin(), group.end(), [&](size_t i) { return bit_of(codes[i], bit) == 1; }));
      zeros = group.size() - ones;
      int majority = ones > zeros ? 1 : 0;
      std::erase_if(group, [&](size_t i) { return bit_of(codes[i], bit) != majority; });
    }
    size_t wanted = std::min(zeros, ones) > 0 ? std::min(zeros, ones) : std::max(zeros, ones);
    group.resize(wanted);
    for (size_t i : group) {
      order.push_back(i);
      std::erase(left, i);
    }
  }
  return order;
}

TEST(BitPatterns, RecursiveUnevenTakesOutTheMajorityRoundByRound) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    int bits = 2 + static_cast<int>(seed % 5);
    Model model = make_dense(5, 7, Format{bits, 0, true}, seed);
    BitSpace space(model);
    Ranking ranking = rank("recursive_uneven", {model, space});
    std::vector<size_t> order = recursive_order(model.parameters()[0].codes, bits);
    for (size_t place = 0; place < order.size(); ++place) {
      for (int bit = 0; bit < bits; ++bit) {
        EXPECT_EQ(ranking.score[order[place] * static_cast<size_t>(bits) + static_cast<size_t>(bit)],
                  static_cast<double>(order.size() - place) / static_cast<double>(order.size()))
            << "seed " << seed << " place " << place;
      }
    }
  }
}

TEST(BitPatterns, RecursiveUnevenTakesManyAlikeWeightsInTime) {
  // Each round takes one of the many: as many rounds as elements.
  Model one = make_dense(300, 300, Format{6, 0, true});
  Parameter kernel = one.parameters()[0];
  std::fill(kernel.codes.begin(), kernel.codes.end(), 2);
  kernel.codes[0] = 3;
  Model model = Model::build("alike", one.layers(), {kernel});
  BitSpace space(model);
  EXPECT_EQ(rank("recursive_uneven", {model, space}).order.size(), 540000u);
}

TEST(BitPatterns, DiffbitperweightCountsChangesBelowTheSign) {
  Model model = make_dense(4, 6, Format{6, 0, true}, 3);
  BitSpace space(model);
  Ranking ranking = rank("diffbitperweight", {model, space});
  for (BitId id = 0; id < space.size(); ++id) {
    int32_t code = model.parameters()[0].codes[id / 6];
    int changes = 0;
    for (int bit = 0; bit < 4; ++bit) changes += std::abs(bit_of(code, bit) - bit_of(code, bit + 1));
    EXPECT_EQ(ranking.score[id], changes);
  }
}

TEST(BitPatterns, OfUnsignedElementsEveryBitIsOneOfTheMagnitude) {
  std::mt19937 random(1);
  Parameter kernel = test::make_parameter("kernel", {1, 2}, Format{4, 4, false}, random);
  kernel.codes = {0b1010, 0b0111};
  Model model = Model::build("unsigned", make_dense(1, 2, Format{4, 0, true}).layers(), {kernel});
  Ranking ranking = rank("diffbitperweight", {model, BitSpace(model)});
  EXPECT_EQ(ranking.score[0], 3);
  EXPECT_EQ(ranking.score[4], 1);
}

}  // namespace
}  // namespace netsurf
