// The checkers themselves: silent on trials drawn bit by bit from the definition, loud on every planted bias.
#include <gtest/gtest.h>

#include <random>

#include "tests/support/law.h"

namespace netsurf::law {
namespace {

using Lists = std::vector<std::vector<BitId>>;
using Random = std::mt19937_64;

FaultBatch pack(const Lists& lists) {
  FaultBatch batch;
  batch.offset = {0};
  for (const auto& flips : lists) {
    batch.bits.insert(batch.bits.end(), flips.begin(), flips.end());
    batch.offset.push_back(batch.bits.size());
  }
  return batch;
}

/// One comparison per bit and trial; shares nothing with the engine.
Lists honest(uint64_t bits, double rate, uint64_t trials, Random& random) {
  Lists lists(trials);
  auto below = static_cast<uint64_t>(rate * 0x1p32);
  for (auto& flips : lists) {
    for (uint64_t id = 0; id < bits; id += 2) {
      uint64_t draw = random();
      if (draw >> 32 < below) flips.push_back(static_cast<BitId>(id));
      if (id + 1 < bits && (draw & 0xFFFFFFFF) < below) flips.push_back(static_cast<BitId>(id + 1));
    }
  }
  return lists;
}

bool happens(double chance, Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53 < chance; }

template <typename Keep>
void keep_if(std::vector<BitId>& flips, Keep keep) {
  std::erase_if(flips, [&](BitId id) { return !keep(id); });
}

void add(std::vector<BitId>& flips, uint64_t id) {
  auto at = std::lower_bound(flips.begin(), flips.end(), id);
  if (at == flips.end() || *at != id) flips.insert(at, static_cast<BitId>(id));
}

bool contains(const std::vector<BitId>& flips, BitId id) {
  return std::binary_search(flips.begin(), flips.end(), id);
}

/// Adds id + distance beside a share of the flips.
void echo(std::vector<BitId>& flips, uint64_t bits, uint64_t distance, double share, Random& random) {
  std::vector<BitId> before = flips;
  for (BitId id : before) {
    if (id + distance < bits && happens(share, random)) add(flips, id + distance);
  }
}

struct Setting {
  uint64_t bits = 40000;
  double rate = 0.01;
  uint64_t trials = 600;
};

struct Bias {
  const char* name;
  const char* caught_by;  // one of kBernoulliCheckers
  Setting setting;
  void (*plant)(Lists& lists, const Setting& setting, Random& random);
};

const Bias kBiases[] = {
    {"thins 3 % of the flips in one eighth of the positions",
     "positions",
     {40000, 0.05, 1000},
     [](Lists& lists, const Setting& s, Random& random) {
       for (auto& flips : lists)
         keep_if(flips, [&](BitId id) { return id / (s.bits / 8) != 3 || !happens(0.03, random); });
     }},
    {"thins 20 % of the flips of bit 63 of each word",
     "positions",
     {},
     [](Lists& lists, const Setting&, Random& random) {
       for (auto& flips : lists)
         keep_if(flips, [&](BitId id) { return id % 64 != 63 || !happens(0.2, random); });
     }},
    {"never flips the last bit of a block",
     "positions",
     {40000, 0.05, 600},
     [](Lists& lists, const Setting&, Random&) {
       for (auto& flips : lists) keep_if(flips, [](BitId id) { return id % kBlock != kBlock - 1; });
     }},
    {"moves 5 % of the flips of a block's high half into its low half",
     "positions",
     {},
     [](Lists& lists, const Setting&, Random& random) {
       for (auto& flips : lists) {
         for (BitId& id : flips) {
           if (id % kBlock >= kBlock / 2 && happens(0.05, random)) id -= 2048;
         }
         std::sort(flips.begin(), flips.end());
         flips.erase(std::unique(flips.begin(), flips.end()), flips.end());
       }
     }},
    {"flips one bit more in each trial",
     "counts",
     {1000, 0.01, 1000},
     [](Lists& lists, const Setting& s, Random& random) {
       for (auto& flips : lists) add(flips, random() % s.bits);
     }},
    {"loses 2 % of all flips",
     "counts",
     {},
     [](Lists& lists, const Setting&, Random& random) {
       for (auto& flips : lists) keep_if(flips, [&](BitId) { return !happens(0.02, random); });
     }},
    {"flips exactly the expected number",
     "counts",
     {},
     [](Lists& lists, const Setting& s, Random& random) {
       for (auto& flips : lists) {
         auto wanted = static_cast<size_t>(static_cast<double>(s.bits) * s.rate);
         while (flips.size() < wanted) add(flips, random() % s.bits);
         while (flips.size() > wanted)
           flips.erase(flips.begin() + static_cast<std::ptrdiff_t>(random() % flips.size()));
       }
     }},
    {"alternates between two rates with the right mean",
     "counts",
     {},
     [](Lists& lists, const Setting& s, Random& random) {
       for (size_t t = 0; t < lists.size(); ++t) {
         if (t % 2 == 0) {
           keep_if(lists[t], [&](BitId) { return !happens(0.08, random); });
         } else {
           for (int i = 0; i < 32; ++i) add(lists[t], random() % s.bits);
         }
       }
     }},
    {"caps the flips of a block",
     "blocks",
     {40960, 0.01, 600},
     [](Lists& lists, const Setting&, Random&) {
       for (auto& flips : lists) {
         std::vector<int> count(16);
         keep_if(flips, [&](BitId id) { return ++count[id / kBlock] <= 55; });
       }
     }},
    {"never leaves a block without a flip",
     "blocks",
     {40960, 0.001, 1000},
     [](Lists& lists, const Setting&, Random& random) {
       for (auto& flips : lists) {
         for (uint64_t block = 0; block < 10; ++block) {
           bool any = std::any_of(flips.begin(), flips.end(), [&](BitId id) { return id / kBlock == block; });
           if (!any) add(flips, block * kBlock + random() % kBlock);
         }
       }
     }},
    {"gives a block as many more flips as its neighbour has",
     "blocks",
     {40960, 0.01, 1000},
     [](Lists& lists, const Setting&, Random& random) {
       for (auto& flips : lists) {
         for (uint64_t block = 0; block < 10; block += 2) {
           int excess = -41;
           for (BitId id : flips) excess += id / kBlock == block;
           for (int i = 0; i < excess; ++i) add(flips, (block + 1) * kBlock + random() % kBlock);
           for (int i = 0; i > excess; --i) {
             auto at = std::lower_bound(flips.begin(), flips.end(), (block + 1) * kBlock);
             if (at != flips.end() && *at / kBlock == block + 1) flips.erase(at);
           }
         }
       }
     }},
    {"always flips in adjacent pairs",
     "lags",
     {},
     [](Lists& lists, const Setting& s, Random&) {
       for (auto& flips : lists) {
         std::vector<BitId> pairs;
         for (size_t i = 0; i < flips.size(); i += 2) {
           BitId id = std::min<BitId>(flips[i], static_cast<BitId>(s.bits - 2));
           if (!pairs.empty() && id <= pairs.back()) continue;
           pairs.push_back(id);
           pairs.push_back(id + 1);
         }
         flips = pairs;
       }
     }},
    {"gives 2 % of the flips a neighbour",
     "lags",
     {},
     [](Lists& lists, const Setting& s, Random& random) {
       for (auto& flips : lists) echo(flips, s.bits, 1, 0.02, random);
     }},
    {"repeats 5 % of a block's flips in the next block",
     "lags",
     {},
     [](Lists& lists, const Setting& s, Random& random) {
       for (auto& flips : lists) echo(flips, s.bits, kBlock, 0.05, random);
     }},
    {"never flips neighbours together",
     "lags",
     {40000, 0.05, 300},
     [](Lists& lists, const Setting&, Random&) {
       for (auto& flips : lists) {
         std::vector<BitId> apart;
         for (BitId id : flips) {
           if (apart.empty() || apart.back() + 1 != id) apart.push_back(id);
         }
         flips = apart;
       }
     }},
    {"repeats one trial much later",
     "trials",
     {},
     [](Lists& lists, const Setting&, Random&) { lists[517] = lists[40]; }},
    {"runs every trial twice",
     "trials",
     {400, 0.01, 2000},
     [](Lists& lists, const Setting&, Random&) {
       for (size_t t = 0; t + 1 < lists.size(); t += 2) lists[t + 1] = lists[t];
     }},
    {"carries 3 % of the flips into the next trial",
     "trials",
     {},
     [](Lists& lists, const Setting&, Random& random) {
       for (size_t t = 1; t < lists.size(); ++t) {
         for (BitId id : lists[t - 1]) {
           if (happens(0.03, random)) add(lists[t], id);
         }
       }
     }},
    {"never flips a bit in two trials running",
     "trials",
     {40000, 0.02, 600},
     [](Lists& lists, const Setting&, Random&) {
       for (size_t t = 1; t < lists.size(); ++t) {
         keep_if(lists[t], [&](BitId id) { return !contains(lists[t - 1], id); });
       }
     }},
    {"has scattered bits that flip less often",
     "trials",
     {20000, 0.02, 1000},
     [](Lists& lists, const Setting&, Random& random) {
       for (auto& flips : lists)
         keep_if(flips, [&](BitId id) { return (id * 2654435761u) >> 31 == 0 || !happens(0.2, random); });
     }},
    {"lists a bit twice",
     "form",
     {},
     [](Lists& lists, const Setting&, Random&) { lists[7].insert(lists[7].begin(), lists[7].front()); }},
    {"is not sorted",
     "form",
     {},
     [](Lists& lists, const Setting&, Random&) { std::swap(lists[9][0], lists[9][1]); }},
    {"flips beyond the space",
     "form",
     {},
     [](Lists& lists, const Setting& s, Random&) { lists[0].push_back(static_cast<BitId>(s.bits)); }},
};

TEST(LawCheckers, AreSilentOnTrialsDrawnFromTheDefinition) {
  Random random(20240607);
  for (double rate : {0.0, 0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 1.0}) {
    for (uint64_t bits : {1, 63, 4096, 4097, 40000}) {
      uint64_t trials = bits < 5000 ? 600 : 100;
      Verdict verdict = check_bernoulli(pack(honest(bits, rate, trials, random)), {bits, rate});
      EXPECT_FALSE(verdict.alarms()) << bits << " bits at " << rate << ": " << verdict.what
                                     << ", p = " << verdict.p_value;
    }
  }
}

TEST(LawCheckers, GiveVerdictsThatAreNotTooOddTooOften) {
  // The oddest of some fifty verdicts lies below 1e-3 in about 5 % of honest samples, and below 1e-7 in none
  // to speak of.
  Random random(11);
  int odd = 0;
  for (int i = 0; i < 60; ++i) {
    Verdict verdict = check_bernoulli(pack(honest(9000, 0.02, 120, random)), {9000, 0.02});
    odd += verdict.p_value < 1e-3;
    EXPECT_GT(verdict.p_value, 1e-7) << verdict.what;
  }
  EXPECT_LT(odd, 15);
}

TEST(LawCheckers, AlarmOnEveryPlantedBias) {
  for (const Bias& bias : kBiases) {
    Random random(99);
    Claim claim{bias.setting.bits, bias.setting.rate};
    Lists lists = honest(bias.setting.bits, bias.setting.rate, bias.setting.trials, random);
    Verdict before = check_bernoulli(pack(lists), claim);
    EXPECT_FALSE(before.alarms()) << "before the bias \"" << bias.name << "\": " << before.what;
    bias.plant(lists, bias.setting, random);
    FaultBatch biased = pack(lists);
    for (const CheckerRow& row : kBernoulliCheckers) {
      if (std::string_view(row.name) != bias.caught_by) continue;
      Verdict verdict = row.check(biased, claim);
      EXPECT_TRUE(verdict.alarms()) << "\"" << bias.name << "\" passed " << row.name << ": " << verdict.what
                                    << ", p = " << verdict.p_value;
    }
  }
}

TEST(LawCheckers, AreEachNeededForSomeBias) {
  for (const CheckerRow& row : kBernoulliCheckers) {
    EXPECT_TRUE(std::any_of(std::begin(kBiases), std::end(kBiases), [&](const Bias& bias) {
      return std::string_view(bias.caught_by) == row.name;
    })) << row.name;
  }
}

TEST(LawCheckers, AllOrNothingIsExact) {
  EXPECT_TRUE(check_form(pack({{}, {3}}), {10, 0}).alarms());
  EXPECT_TRUE(check_form(pack({{0, 1, 2}, {0, 2}}), {3, 1}).alarms());
  EXPECT_FALSE(check_form(pack({{0, 1, 2}, {0, 1, 2}}), {3, 1}).alarms());
}

TEST(LawCheckers, LetAFewCountsEqualTheirExpectations) {
  Lists lists(400);
  for (size_t t = 0; t < 28; ++t) lists[t * 13].push_back(0);
  EXPECT_FALSE(check_positions(pack(lists), {1, 0.07}).alarms());
}

TEST(LawCheckers, AlarmOnPositionsThatAreTooEven) {
  Lists lists(1000);
  for (size_t t = 0; t < lists.size(); ++t) {
    for (BitId id = 0; id < 4000; ++id) {
      if ((id + t) % 100 == 0) lists[t].push_back(id);
    }
  }
  EXPECT_TRUE(check_positions(pack(lists), {4000, 0.01}).alarms());
}

TEST(LawCheckers, AlarmOnABitThatFlipsTwiceInAnEpoch) {
  FaultBatch good = pack({{0, 2}, {1}, {2}, {0, 1}}), bad = pack({{0, 2}, {0}, {2}, {1}});
  EXPECT_FALSE(check_at_most_once(good, 3, 2).alarms());
  EXPECT_TRUE(check_at_most_once(bad, 3, 2).alarms());
}

TEST(LawCheckers, AlarmOnAPassThatMissesABit) {
  std::vector<BitId> all = {0, 1, 2};
  EXPECT_FALSE(check_exactly_once(pack({{0, 2}, {1}, {2}, {0, 1}}), all, 2).alarms());
  EXPECT_TRUE(check_exactly_once(pack({{0, 2}, {1}, {2}, {0}}), all, 2).alarms());
  EXPECT_TRUE(check_exactly_once(pack({{0, 2}, {1, 2}}), all, 2).alarms());
}

TEST(LawCheckers, AlarmOnStreamsThatShareFlips) {
  Random random(5);
  Lists one = honest(20000, 0.01, 300, random), other = honest(20000, 0.02, 300, random);
  EXPECT_FALSE(check_streams(pack(one), 0.01, pack(other), 0.02, 20000).alarms());
  for (size_t t = 0; t < one.size(); ++t) {
    for (BitId id : one[t]) {
      if (happens(0.05, random)) add(other[t], id);
    }
  }
  EXPECT_TRUE(check_streams(pack(one), 0.01, pack(other), 0.02, 20000).alarms());
}

TEST(LawCheckers, AlarmOnASpreadThatIsTooWideOrTooNarrow) {
  Random random(6);
  std::normal_distribution<double> normal;
  std::vector<double> values(1000);
  for (double& value : values) value = normal(random);
  EXPECT_FALSE(check_spread(values, 1, "spread").alarms());
  EXPECT_TRUE(check_spread(values, 0.7, "spread").alarms());
  EXPECT_TRUE(check_spread(values, 1.45, "spread").alarms());
}

TEST(LawCheckers, TailsMatchKnownValues) {
  EXPECT_NEAR(chi_square_above(3.841458820694124, 1), 0.05, 1e-12);
  EXPECT_NEAR(chi_square_above(124.3421134, 100), 0.05, 1e-7);
  EXPECT_NEAR(chi_square_above(2, 2), std::exp(-1), 1e-14);
  EXPECT_NEAR(chi_square_above(80, 2) / std::exp(-40), 1, 1e-10);
  EXPECT_NEAR(chi_square_above(10, 2) + gamma_below(1, 5), 1, 1e-14);
  EXPECT_NEAR(gamma_below(1, 1e-12) / 1e-12, 1, 1e-9);
  EXPECT_NEAR(poisson_at_least(3, 2), 1 - 5 * std::exp(-2), 1e-14);
  EXPECT_NEAR(normal_two_sided(1.959963984540054), 0.05, 1e-12);
  EXPECT_NEAR(std::exp(log_binomial(10, 3, 0.5)), 120.0 / 1024, 1e-12);
}

}  // namespace
}  // namespace netsurf::law
