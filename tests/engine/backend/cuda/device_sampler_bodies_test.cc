// What the device's threads do when they draw fault lists, run on the host thread by thread, against
// FaultSampler.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "engine/faults/binomial_table.h"
#include "engine/faults/mask_source.h"
#include "engine/faults/sampler.h"
#include "kernels/cuda/draw_block.h"
#include "kernels/cuda/label_rotation.h"
#include "kernels/cuda/label_slices.h"
#include "tests/support/law_space.h"
#include "tests/support/random.h"

namespace netsurf {
namespace {

struct Case {
  const BitSpace& space;
  const FaultSpec& faults;
  const Protection& protection;
};

cuda::Immune immune_of(const Case& that) {
  const uint64_t num_protected = that.protection.num_protected(that.space.size());
  if (num_protected == 0) return {};
  return {that.protection.rank->data(), num_protected};
}

FaultBatch independent_lists(const Case& that, uint64_t begin, uint64_t end) {
  const uint64_t p_fixed = that.faults.bit_error_rate.times_two_to_64(), num_bits = that.space.size();
  const std::vector<uint64_t> full = binomial_thresholds(core::kBlockBits, p_fixed);
  const std::vector<uint64_t> last =
      binomial_thresholds(std::max<uint32_t>(1, num_bits % core::kBlockBits), p_fixed);
  const cuda::BlockDraws draws{stream_key(that.space, that.faults),
                               num_bits,
                               full.data(),
                               static_cast<uint32_t>(full.size()),
                               last.data(),
                               static_cast<uint32_t>(last.size()),
                               immune_of(that)};
  std::vector<uint32_t> memory(cuda::kMaskWords);
  const cuda::StridedWords words{memory.data(), 1};
  FaultBatch batch{begin, {0}, {}};
  for (uint64_t trial = begin; trial < end; ++trial) {
    for (uint32_t block = 0; block < draws.num_blocks(); ++block) {
      const size_t before = batch.bits.size();
      batch.bits.resize(before + cuda::count_block(draws, trial, block, words));
      std::vector<BitId> room(core::kBlockBits);
      cuda::write_block(draws, trial, block, words, room.data());
      std::copy_n(room.begin(), batch.bits.size() - before, batch.bits.data() + before);
    }
    batch.offset.push_back(batch.bits.size());
  }
  return batch;
}

/// (label, value) by label, in order where labels agree.
template <typename Label>
void sort_by_label(std::vector<Label>& labels, std::vector<uint32_t>& values) {
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return labels[a] < labels[b]; });
  std::vector<Label> sorted_labels;
  std::vector<uint32_t> sorted_values;
  for (size_t i : order) {
    sorted_labels.push_back(labels[i]);
    sorted_values.push_back(values[i]);
  }
  labels = std::move(sorted_labels);
  values = std::move(sorted_values);
}

FaultBatch rotation_lists(const Case& that, uint64_t begin, uint64_t end) {
  cuda::RotationDraws draws;
  draws.key = stream_key(that.space, that.faults);
  draws.num_bits = that.space.size();
  draws.step = that.faults.bit_error_rate.times_two_to_64();
  draws.trials_per_epoch = FaultSampler(that.space, that.faults, that.protection).epoch_size();
  draws.immune = immune_of(that);
  const cuda::RotationTrials trials(draws, begin, end - begin);
  std::vector<uint32_t> lanes, bits;
  for (uint64_t epoch = trials.first_epoch; epoch < trials.first_epoch + trials.num_epochs; ++epoch) {
    for (uint32_t chunk = 0; chunk < draws.num_chunks(); ++chunk) {
      cuda::FlipCounter counter;
      cuda::visit_chunk(draws, trials, epoch, chunk, counter);
      const size_t before = lanes.size();
      lanes.resize(before + counter.count);
      bits.resize(before + counter.count);
      cuda::FlipWriter writer{lanes.data() + before, bits.data() + before};
      cuda::visit_chunk(draws, trials, epoch, chunk, writer);
      EXPECT_EQ(writer.bits, bits.data() + bits.size());
    }
  }
  sort_by_label(lanes, bits);
  FaultBatch batch{begin, {}, bits};
  for (uint64_t lane = 0; lane <= end - begin; ++lane)
    batch.offset.push_back(cuda::begin_of_label(lanes.data(), lanes.size(), lane));
  return batch;
}

FaultBatch slice_lists(const Case& that, uint64_t begin, uint64_t end) {
  const std::vector<BitId> unprotected = law::unprotected(that.space.size(), that.protection);
  cuda::SliceDraws draws;
  draws.key = stream_key(that.space, that.faults);
  if (unprotected.size() < that.space.size()) draws.bits = unprotected.data();
  draws.num_bits = unprotected.size();
  draws.slice = that.faults.bit_error_rate.round_of(unprotected.size());
  draws.slices = FaultSampler(that.space, that.faults, that.protection).epoch_size();
  const uint64_t first_pass = begin / draws.slices;
  const uint64_t num_items = ((end - 1) / draws.slices - first_pass + 1) * draws.num_bits;
  std::vector<uint64_t> numbers, passes;
  std::vector<uint32_t> items(num_items), labels(num_items), bits;
  std::iota(items.begin(), items.end(), 0u);
  for (uint64_t item = 0; item < num_items; ++item) numbers.push_back(draws.number(first_pass, item));
  sort_by_label(numbers, items);
  for (uint32_t item : items) passes.push_back(item / draws.num_bits);
  sort_by_label(passes, items);
  for (uint64_t place = 0; place < num_items; ++place) {
    labels[items[place]] = draws.label(place);
    bits.push_back(draws.bit(place));
  }
  sort_by_label(labels, bits);
  FaultBatch batch{begin, {0}, {}};
  for (uint64_t trial = begin; trial < end; ++trial) {
    const BitId* from = bits.data() + draws.begin(first_pass, trial);
    batch.bits.insert(batch.bits.end(), from, from + draws.length(trial));
    batch.offset.push_back(batch.bits.size());
  }
  return batch;
}

using Lists = FaultBatch (*)(const Case& that, uint64_t begin, uint64_t end);

/// Compares over sizes of spaces, protections and first trials; says how many flips it met.
int64_t expect_lists(FaultModel model, Design design, const std::vector<const char*>& rates, Lists lists) {
  int64_t flips = 0;
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  for (uint64_t size : {1, 2, 63, 65, 1000, 4095, 4096, 4097, 9001}) {
    const BitSpace space = law::space_of(size);
    for (const char* rate : rates) {
      const FaultSpec faults = law::faults_of(model, rate, random.bits(), design);
      const Protection protection =
          law::protection_of(size, random.of(std::vector<const char*>{"0", "0.001", "0.4", "0.97"}),
                             static_cast<unsigned>(random.bits()));
      const uint64_t unprotected = size - protection.num_protected(size);
      const bool slices = model == FaultModel::exact || model == FaultModel::coverage;
      if (slices && faults.bit_error_rate.round_of(unprotected) == 0) continue;
      FaultSampler sampler(space, faults, protection);
      for (uint64_t begin :
           {uint64_t{0}, uint64_t{8}, uint64_t{12345}, (uint64_t{1} << 32) - 2, random.bits() >> 8}) {
        const uint64_t end = begin + static_cast<uint64_t>(random.pick(1, 13));
        const FaultBatch expected = sampler.sample(begin, end);
        const FaultBatch found = lists({space, faults, protection}, begin, end);
        const std::string where = std::to_string(size) + " bits, BER " + rate + ", protection " +
                                  protection.fraction.text() + ", trials from " + std::to_string(begin);
        EXPECT_EQ(found.offset, expected.offset) << where;
        EXPECT_EQ(found.bits, expected.bits) << where;
        if (::testing::Test::HasFailure()) return flips;
        flips += static_cast<int64_t>(found.bits.size());
      }
    }
  }
  return flips;
}

TEST(DeviceBodies, IndependentListsAreFaultSamplers) {
  EXPECT_GT(expect_lists(FaultModel::bernoulli, Design::independent,
                         {"1e-5", "0.0012", "0.03", "0.5", "0.501", "0.9"}, independent_lists),
            10000);
}

TEST(DeviceBodies, RotationListsAreFaultSamplers) {
  EXPECT_GT(expect_lists(FaultModel::bernoulli, Design::rotation,
                         {"1e-15", "1e-6", "0.0012", "0.03", "0.0999", "0.1"}, rotation_lists),
            10000);
}

TEST(DeviceBodies, ExactListsAreFaultSamplers) {
  EXPECT_GT(expect_lists(FaultModel::exact, Design::independent,
                         {"0.0012", "0.03", "0.3", "0.5", "0.501", "0.9", "1"}, slice_lists),
            10000);
}

TEST(DeviceBodies, CoverageListsAreFaultSamplers) {
  EXPECT_GT(expect_lists(FaultModel::coverage, Design::independent,
                         {"0.0012", "0.03", "0.3", "0.5", "0.501", "0.9", "1"}, slice_lists),
            10000);
}

TEST(DeviceBodies, AnotherSeedIsNoticed) {
  const BitSpace space = law::space_of(5000);
  const FaultSpec faults = law::faults_of(FaultModel::bernoulli, "0.01", 1);
  const FaultSpec other = law::faults_of(FaultModel::bernoulli, "0.01", 2);
  const Protection protection;
  EXPECT_EQ(independent_lists({space, faults, protection}, 0, 3).bits,
            FaultSampler(space, faults, protection).sample(0, 3).bits);
  EXPECT_NE(independent_lists({space, faults, protection}, 0, 3).bits,
            FaultSampler(space, other, protection).sample(0, 3).bits);
}

}  // namespace
}  // namespace netsurf
