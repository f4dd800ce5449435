// Fault lists that must never change: docs/reproducibility.md is part of the file format. Short ones stand
// here in full, long ones as the SHA-256 of their bytes. All were computed a second time apart from the
// engine, from that page. A failure here means that every stored result would change.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/base/digest.h"
#include "engine/faults/mask_source.h"
#include "engine/faults/sampler.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

struct Stream {
  int bits;
  FaultModel model;
  Design design;
  const char* rate;
  uint64_t seed;
};

FaultSpec spec_of(const Stream& stream) {
  return {stream.model, stream.design, UnitDecimal::parse(stream.rate, "rate"), stream.seed, nullptr};
}

std::vector<BitId> flips(const Stream& stream, uint64_t trial) {
  BitSpace space(testing::model_of_bits(stream.bits));
  FaultSampler sampler(space, spec_of(stream), {});
  FaultBatch batch = sampler.sample(trial, trial + 1);
  return {batch.bits.begin(), batch.bits.end()};
}

/// SHA-256 over the lists of trials [begin, end), each as a field of 32-bit ids.
std::string digest(const Stream& stream, uint64_t begin, uint64_t end) {
  BitSpace space(testing::model_of_bits(stream.bits));
  FaultSampler sampler(space, spec_of(stream), {});
  FaultBatch batch = sampler.sample(begin, end);
  Digest sum;
  for (uint64_t trial = begin; trial < end; ++trial) sum.add_bytes(std::as_bytes(batch.flips(trial)));
  return sum.hex();
}

constexpr FaultModel kBernoulli = FaultModel::bernoulli;
constexpr Design kIndependent = Design::independent, kRotation = Design::rotation;

TEST(GoldenFaults, Keys) {
  EXPECT_EQ(
      stream_key(BitSpace(testing::model_of_bits(100)), spec_of({100, kBernoulli, kIndependent, "0.01", 7})),
      0x73a9ebd60b069499u);
  EXPECT_EQ(
      stream_key(BitSpace(testing::model_of_bits(100)), spec_of({100, kBernoulli, kRotation, "0.05", 7})),
      0x95d41456dd231e37u);
  EXPECT_EQ(stream_key(BitSpace(testing::model_of_bits(100)),
                       spec_of({100, FaultModel::exact, kIndependent, "0.05", 0})),
            0x231946a0b1743109u);
  EXPECT_EQ(stream_key(BitSpace(testing::model_of_bits(5000)),
                       spec_of({5000, FaultModel::coverage, kIndependent, "0.3", 123})),
            0x6c7919d87bf80d91u);
}

TEST(GoldenFaults, ListsOfAHundredBits) {
  using Bits = std::vector<BitId>;
  EXPECT_EQ(flips({100, kBernoulli, kIndependent, "0.01", 7}, 0u), (Bits{58, 63}));
  EXPECT_EQ(flips({100, kBernoulli, kIndependent, "0.01", 7}, 1u), (Bits{33, 48}));
  EXPECT_EQ(flips({100, kBernoulli, kIndependent, "0.01", 7}, 2u), (Bits{33, 56, 99}));
  EXPECT_EQ(flips({100, kBernoulli, kIndependent, "0.01", 7}, 3u), (Bits{71}));
  EXPECT_EQ(flips({100, kBernoulli, kIndependent, "0.01", 7}, 1099511627776u), (Bits{}));
  EXPECT_EQ(
      flips({100, kBernoulli, kIndependent, "0.3", 7}, 0u),
      (Bits{0, 1, 10, 11, 15, 18, 29, 30, 34, 37, 42, 44, 46, 49, 51, 53, 54, 65, 67, 76, 84, 86, 89, 94}));
  EXPECT_EQ(flips({100, kBernoulli, kIndependent, "0.3", 7}, 1u),
            (Bits{1,  5,  7,  8,  9,  10, 13, 16, 19, 27, 36, 37, 39, 40, 42, 44, 45, 46, 47,
                  48, 51, 55, 56, 58, 59, 61, 65, 69, 70, 72, 81, 84, 88, 91, 96, 98, 99}));
  EXPECT_EQ(flips({100, kBernoulli, kIndependent, "0.7", 7}, 0u),
            (Bits{0,  2,  3,  4,  5,  6,  8,  14, 16, 17, 19, 20, 22, 23, 24, 25, 26, 27, 29, 30, 31, 32, 33,
                  35, 37, 38, 39, 40, 42, 43, 47, 48, 49, 51, 52, 53, 54, 55, 59, 61, 62, 63, 64, 65, 66, 67,
                  68, 69, 70, 72, 74, 75, 76, 78, 79, 82, 84, 85, 86, 88, 89, 90, 92, 93, 96, 97, 98}));
  EXPECT_EQ(flips({100, kBernoulli, kRotation, "0.05", 7}, 0u), (Bits{}));
  EXPECT_EQ(flips({100, kBernoulli, kRotation, "0.05", 7}, 1u), (Bits{16, 95, 97}));
  EXPECT_EQ(flips({100, kBernoulli, kRotation, "0.05", 7}, 19u), (Bits{11, 20, 50, 60, 62, 82}));
  EXPECT_EQ(flips({100, kBernoulli, kRotation, "0.05", 7}, 20u), (Bits{5, 7, 67, 69, 75, 80, 96}));
  EXPECT_EQ(flips({100, kBernoulli, kRotation, "0.05", 7}, 8589934592u), (Bits{9, 29, 36, 53, 80}));
  EXPECT_EQ(flips({100, FaultModel::exact, kIndependent, "0.05", 7}, 0u), (Bits{13, 25, 38, 92, 99}));
  EXPECT_EQ(flips({100, FaultModel::exact, kIndependent, "0.05", 7}, 1u), (Bits{19, 34, 44, 51, 68}));
  EXPECT_EQ(flips({100, FaultModel::exact, kIndependent, "0.05", 7}, 20u), (Bits{0, 26, 51, 53, 98}));
  EXPECT_EQ(flips({100, FaultModel::coverage, kIndependent, "0.07", 7}, 0u),
            (Bits{10, 15, 27, 69, 81, 87, 89}));
  EXPECT_EQ(flips({100, FaultModel::coverage, kIndependent, "0.07", 7}, 13u),
            (Bits{1, 39, 46, 49, 82, 91, 96}));
  EXPECT_EQ(flips({100, FaultModel::coverage, kIndependent, "0.07", 7}, 14u), (Bits{29, 50}));
  EXPECT_EQ(flips({100, FaultModel::coverage, kIndependent, "0.07", 7}, 15u),
            (Bits{46, 49, 60, 65, 78, 94, 97}));
}

TEST(GoldenFaults, DigestsOfLongLists) {
  EXPECT_EQ(digest({100, kBernoulli, kIndependent, "0.01", 7}, 0u, 40u),
            "86f6c4e7a090738d339b55235b08c9695b752de85ecc77c78ca224ceb210b37a");
  EXPECT_EQ(digest({100, kBernoulli, kIndependent, "0.3", 7}, 0u, 40u),
            "1c26f7a4cb6bee6766d56af37bb6810da280057d911fc32838c398d3e32e007c");
  EXPECT_EQ(digest({100, kBernoulli, kIndependent, "0.7", 7}, 0u, 40u),
            "e261984ab2edad254f916ae4cd1ee63e4a9788fea6d1d815485556574c1748ec");
  EXPECT_EQ(digest({5000, kBernoulli, kIndependent, "0.01", 7}, 0u, 40u),
            "95771049cdd840d95e146b1e0f477f7377e79593f68bbfdca3313cebaaeccb92");
  EXPECT_EQ(digest({5000, kBernoulli, kIndependent, "0.3", 7}, 0u, 40u),
            "b5dda39ab07ac0e6faeb92596bb3be2156130d863432808af541eaeeb4c18db6");
  EXPECT_EQ(digest({5000, kBernoulli, kIndependent, "0.7", 7}, 0u, 40u),
            "d84c782b66fe231ed50237b4092fd9597133f6c653f62d23582ebc75dc1f5bb0");
  EXPECT_EQ(digest({10000, kBernoulli, kIndependent, "0.01", 7}, 0u, 40u),
            "ecb3e33b10da65778c700e1cef6743ec3983f70238f5a3479abe16cba1ec24d4");
  EXPECT_EQ(digest({10000, kBernoulli, kIndependent, "0.3", 7}, 0u, 40u),
            "29e0105780e8d83c1e95fc8cd431343c409f6a793cb6537df05c6f99711effb6");
  EXPECT_EQ(digest({10000, kBernoulli, kIndependent, "0.7", 7}, 0u, 40u),
            "0145b667089269a591cbdd5caf6b126eb89e6cab5c1c40c39b60ced5975e2a29");
  EXPECT_EQ(digest({5000, kBernoulli, kRotation, "0.05", 7}, 0u, 45u),
            "e60d025b30ca4df422e70e70d90de0faff2a9022e38d40d892e55a7d9b233bf2");
  EXPECT_EQ(digest({10000, kBernoulli, kRotation, "0.001", 7}, 990u, 1010u),
            "457cdeaf02c118c351da0c5ee6597f3defbe2db56fb165c4248bd05eb188b974");
  EXPECT_EQ(digest({5000, FaultModel::exact, kIndependent, "0.01", 7}, 0u, 101u),
            "cce8327bfcd0b757e0165c9a111b65bf4659b3b72fc5c49b6152db6ea89c1030");
  EXPECT_EQ(digest({5000, FaultModel::coverage, kIndependent, "0.3", 123}, 0u, 9u),
            "66ce5c333fc81cabb049f9f621b721c1a50a6dad3445df470ca7c6842316ab1e");
  EXPECT_EQ(digest({10000, kBernoulli, kIndependent, "0.000001", 1}, 0u, 300u),
            "f5756bc8ff7a1ea8266b6a7f893875854bcee7e01fe64c06f49bf94660fd7071");
  EXPECT_EQ(digest({10000, kBernoulli, kIndependent, "0.01", 1}, 4294967291u, 4294967301u),
            "d52b852889c4d76df07fd5227a3246e59b3d2989ec6c91212fddbf26594e4ab3");
}

TEST(GoldenFaults, TheCheckerSeesOneFlippedSeed) {
  EXPECT_NE(digest({5000, kBernoulli, kIndependent, "0.01", 7}, 0, 20),
            digest({5000, kBernoulli, kIndependent, "0.01", 8}, 0, 20));
}

}  // namespace
}  // namespace netsurf
