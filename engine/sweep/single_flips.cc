#include "engine/sweep/single_flips.h"

#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "engine/rank/draws.h"

namespace netsurf {

std::vector<BitId> sample_bits(const BitSpace& space, uint64_t count, uint64_t seed) {
  if (count < 1 || count > space.size()) {
    throw InputError("a sample of " + std::to_string(count) + " bits was asked for, of a model with " +
                     std::to_string(space.size()) + "; ask for 1 to " + std::to_string(space.size()));
  }
  return lowest_draws(draw_key("netsurf single flips", space, seed), space.size(), count);
}

FaultTable single_flips(const std::vector<BitId>& bits) {
  std::vector<std::vector<BitId>> trials;
  trials.reserve(bits.size());
  for (BitId id : bits) trials.push_back({id});
  return make_fault_table(std::move(trials));
}

std::optional<FaultTable> find_single_flips(const StudyIdentity& study, const CellRecord& cell,
                                            const BitSpace& space) {
  uint64_t count = cell.epoch_size;  // of fault model list: the number of lists
  if (study.fault_model != FaultModel::list || count < 1 || count > space.size()) return std::nullopt;
  FaultTable table = single_flips(sample_bits(space, count, study.seed));
  if (table.digest != study.fault_table_digest) return std::nullopt;
  return table;
}

Damage damage_of(ResultStore& store, const ResultStore::StoredCell& cell, const FaultTable& flips) {
  const StudyIdentity& study = store.study();
  const auto& [id, record] = cell;
  if (study.fault_table_digest != flips.digest || record.num_protected != 0) {
    throw InputError("cell " + record.name() +
                     " does not hold these single flips without protection; run the oracle of this model");
  }
  Damage damage;
  damage.model_digest = record.identity.model_digest;
  damage.bit_space_digest = record.identity.bit_space_digest;
  damage.data_digest = study.data_digest;
  damage.split = study.split;
  damage.num_samples = record.num_samples;
  damage.num_bits = record.num_bits;
  std::vector<TrialOutcome> outcomes = store.outcomes(id, 0, flips.trials.size());
  if (outcomes.size() != flips.trials.size()) {
    throw InputError("cell " + record.name() + " holds " + std::to_string(outcomes.size()) + " of " +
                     std::to_string(flips.trials.size()) + " single flips; run the oracle to its end");
  }
  auto samples = static_cast<double>(record.num_samples);
  for (const TrialOutcome& outcome : outcomes) {
    damage.bits.push_back(flips.trials[outcome.trial].front());
    if (outcome.loss != kNoCount)
      damage.loss.push_back(static_cast<double>(outcome.loss - record.clean.loss) * kLossUnit / samples);
    if (outcome.correct != kNoCount)
      damage.accuracy.push_back(static_cast<double>(outcome.correct - record.clean.correct) / samples);
    damage.changed.push_back(static_cast<double>(outcome.changed) / samples);
    damage.distance.push_back(static_cast<double>(outcome.distance) / samples);
  }
  return damage;
}

}  // namespace netsurf
