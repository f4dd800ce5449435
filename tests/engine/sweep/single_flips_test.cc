// Every bit alone: the lists, the samples, and the damages against a brute force that shares no arithmetic.
#include "engine/sweep/single_flips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "tests/engine/sweep/fake_session.h"
#include "tests/reference/naive_faults.h"
#include "tests/reference/naive_score.h"
#include "tests/support/models.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::branched;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::model_of_bits;
using testing::random_set;

TEST(SampleBits, OfTheWholeSpaceIsEveryBitWhateverTheSeed) {
  BitSpace space(model_of_bits(7));
  for (uint64_t seed : {1, 2}) EXPECT_THAT(sample_bits(space, 7, seed), ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(SampleBits, AreDistinctSortedAndPartOfLargerSamples) {
  BitSpace space(model_of_bits(1000));
  for (uint64_t count : {1, 2, 17, 500, 999}) {
    std::vector<BitId> bits = sample_bits(space, count, 5), more = sample_bits(space, count + 1, 5);
    ASSERT_EQ(bits.size(), count);
    EXPECT_TRUE(std::is_sorted(bits.begin(), bits.end()));
    EXPECT_EQ(std::adjacent_find(bits.begin(), bits.end()), bits.end());
    EXPECT_LT(bits.back(), 1000u);
    EXPECT_TRUE(std::includes(more.begin(), more.end(), bits.begin(), bits.end()));
  }
  EXPECT_EQ(sample_bits(space, 100, 5), sample_bits(space, 100, 5));
  EXPECT_NE(sample_bits(space, 100, 5), sample_bits(space, 100, 6));
}

TEST(SampleBits, TakeEveryBitAlikeOften) {
  BitSpace space(model_of_bits(50));
  std::vector<int> times(50);
  constexpr int kSeeds = 4000;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (BitId id : sample_bits(space, 10, seed)) ++times[id];
  }
  double chi2 = 0;
  constexpr double kExpected = kSeeds * 0.2;
  for (int count : times) chi2 += (count - kExpected) * (count - kExpected) / (kExpected * 0.8);
  // 49 degrees of freedom: all but one in a thousand lie between 23 and 86.
  EXPECT_GT(chi2, 20);
  EXPECT_LT(chi2, 90);
}

TEST(SampleBits, OfNoneOrTooManyAreRefused) {
  BitSpace space(model_of_bits(7));
  EXPECT_THROW(sample_bits(space, 0, 1), InputError);
  EXPECT_THROW(sample_bits(space, 8, 1), InputError);
}

constexpr int kSamples = 12;

/// Sweeps single flips of a model on the CPU backend into a store.
class OracleStudy : public ::testing::Test {
 protected:
  Model model_ = branched(3).build();
  BitSpace space_ = BitSpace(model_);
  EvaluationSet set_ = random_set(model_, kSamples, 11);
  TempDir folder_;
  std::unique_ptr<SqliteStore> store_;

  void sweep(const FaultTable& flips, uint64_t seed) {
    SweepOptions options;
    options.faults.model = FaultModel::list;
    options.faults.seed = seed;
    options.faults.table = std::make_shared<const FaultTable>(flips);
    options.stop_rule = StopRule::fixed(flips.trials.size());
    StudyIdentity study = testing::study_of(options);
    study.fault_table_digest = flips.digest;
    study.data_digest = set_.digest;
    store_ = SqliteStore::open_or_create(folder_.path() / "oracle.sqlite", study);
    Grid grid;
    grid.models = {{"m", model_.digest(), {GridRanking()}}};
    grid.protections = testing::decimals({"0"});
    grid.bit_error_rates = testing::decimals({"0"});
    auto open = [&](size_t) { return make_cpu_backend()->open(model_, set_, space_, {.num_threads = 2}); };
    static const std::atomic<bool> never{false};
    run_sweep(grid, open, *store_, options, nullptr, never);
  }
  ResultStore::StoredCell cell() { return store_->cells().at(0); }

  std::vector<naive::Tensor> scored(const std::vector<BitAddress>& bits, const std::vector<BitId>& flips) {
    auto parameters = naive::faulty_parameters(model_, bits, flips);
    std::vector<naive::Tensor> outputs;
    for (int64_t i = 0; i < set_.count; ++i) {
      std::span<const int32_t> sample(set_.codes.data() + i * set_.sample_size,
                                      static_cast<size_t>(set_.sample_size));
      outputs.push_back(naive::scored(naive::infer(model_, parameters, sample)));
    }
    return outputs;
  }
};

TEST_F(OracleStudy, HasTheDamagesOfABruteForce) {
  FaultTable flips = single_flips(sample_bits(space_, space_.size(), 1));
  sweep(flips, 1);
  Damage damage = damage_of(*store_, cell(), flips);
  ASSERT_TRUE(damage.is_exhaustive());
  EXPECT_EQ(damage.model_digest, model_.digest());
  EXPECT_EQ(damage.bit_space_digest, space_.digest());
  EXPECT_EQ(damage.data_digest, set_.digest);
  EXPECT_EQ(damage.split, "test");
  EXPECT_EQ(damage.num_samples, kSamples);

  std::vector<BitAddress> bits = naive::list_bits(model_, false);
  ASSERT_EQ(bits.size(), damage.bits.size());
  std::vector<naive::Tensor> clean = scored(bits, {});
  TrialOutcome before = naive::score(set_, clean, clean, true);
  int num_changed = 0;
  for (BitId id = 0; id < bits.size(); ++id) {
    TrialOutcome after = naive::score(set_, scored(bits, {id}), clean, true);
    EXPECT_EQ(damage.bits[id], id);
    EXPECT_DOUBLE_EQ(damage.loss[id], static_cast<double>(after.loss - before.loss) / 1048576.0 / kSamples)
        << id;
    EXPECT_DOUBLE_EQ(damage.accuracy[id], static_cast<double>(after.correct - before.correct) / kSamples)
        << id;
    EXPECT_DOUBLE_EQ(damage.changed[id], static_cast<double>(after.changed) / kSamples) << id;
    EXPECT_DOUBLE_EQ(damage.distance[id], static_cast<double>(after.distance) / kSamples) << id;
    num_changed += after.changed > 0;
  }
  EXPECT_GT(num_changed, 100) << "the network does not feel its flips";
}

TEST_F(OracleStudy, IsKnownByItsStoreAlone) {
  std::vector<BitId> bits = sample_bits(space_, 20, 9);
  FaultTable flips = single_flips(bits);
  sweep(flips, 9);
  auto found = find_single_flips(store_->study(), cell().record, space_);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->trials, flips.trials);
  EXPECT_EQ(damage_of(*store_, cell(), flips).bits, bits);
  StudyIdentity other = store_->study();
  other.seed = 8;
  EXPECT_FALSE(find_single_flips(other, cell().record, space_).has_value());
  CellRecord large = cell().record;
  large.epoch_size = uint64_t{1} << 40;
  EXPECT_FALSE(find_single_flips(store_->study(), large, space_).has_value());
}

TEST_F(OracleStudy, OfOtherFlipsOrUnfinishedIsRefused) {
  FaultTable flips = single_flips(sample_bits(space_, 20, 9));
  sweep(flips, 9);
  EXPECT_THROW(damage_of(*store_, cell(), single_flips(sample_bits(space_, 20, 8))), InputError);
  ResultStore::StoredCell fresh = cell();
  fresh.record.identity.model_name = "not begun";
  fresh.id = store_->add_cell(fresh.record);
  try {
    damage_of(*store_, fresh, flips);
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("0 of 20 single flips"));
  }
}

}  // namespace
}  // namespace netsurf
