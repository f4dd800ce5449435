#include "engine/backend/prepared_trial.h"

#include <algorithm>

#include "engine/backend/prepared_sums.h"

namespace netsurf {

TrialPreparer::TrialPreparer(const PackedNetwork& network, const BitSpace& space,
                             const std::vector<StageCosts>& costs)
    : network_(network), costs_(costs), finder_(network, space) {
  for (const Stage& stage : network.stages()) {
    job_bytes_ += static_cast<int64_t>(sizeof(StageWork) + sizeof(LayerChanges));
    if (stage.kind != Stage::Kind::sums) continue;
    job_bytes_ +=
        stage.packed->num_rows() * static_cast<int64_t>(sizeof(cpu::QuadJob) + sizeof(cpu::ChannelJob)) +
        std::ssize(stage.packed->scalings) * static_cast<int64_t>(sizeof(cpu::Scaling));
    num_rows_ += stage.packed->num_rows();
    row_bytes_ += stage.packed->num_rows() * stage.packed->row_bytes();
  }
}

void TrialPreparer::prepare(std::span<const BitId> flips, Path path, PreparedTrial& trial) const {
  size_t num_stages = network_.stages().size();
  trial.stages.resize(num_stages);
  trial.may_change.assign(network_.slots().size(), 0);
  trial.anew = path == Path::dense;
  trial.seconds_per_tile = 0;
  finder_.find(flips, trial.changes);
  trial.rows.clear();
  trial.starts.clear();
  trial.scalings.clear();
  trial.corrections.clear();
  // Jobs point into these: they must not move.
  trial.rows.reserve(static_cast<size_t>(row_bytes_));
  trial.starts.reserve(static_cast<size_t>(num_rows_));
  trial.scalings.reserve(static_cast<size_t>(num_rows_ / cpu::kQuad));
  trial.corrections.reserve(static_cast<size_t>(kMaxParts * trial.changes.count));

  for (size_t s = 0; s < num_stages; ++s) {
    const Stage& stage = network_.stages()[s];
    StageWork& work = trial.stages[s];
    work.input_may_change = trial.anew;
    work.is_faulty = !trial.changes.stages[s].empty();
    work.redo.clear();
    work.correct.clear();
    work.anew.clear();
    work.update.clear();
    work.differing.clear();
    work.written.clear();
    if (!stage.can_change) continue;
    for (const PlainChanges& hit : trial.changes.plain)
      work.is_faulty |=
          std::count(stage.plain_parameters.begin(), stage.plain_parameters.end(), hit.parameter) > 0;
    for (int input : stage.inputs) work.input_may_change |= trial.may_change[static_cast<size_t>(input)] != 0;
    if (!work.input_may_change && !work.is_faulty) continue;
    trial.may_change[static_cast<size_t>(stage.output)] = 1;
    if (stage.kind == Stage::Kind::sums) {
      SumsSituation situation{path, work.input_may_change, {}};
      if (stage.writer >= 0) {
        const StageWork& before = trial.stages[static_cast<size_t>(stage.writer)];
        if (!before.input_may_change) situation.written_input = before.written;
      }
      prepare_sums(stage, s, costs_[s], situation, trial);
    } else {
      trial.seconds_per_tile += costs_[s].all;
    }
  }
}

}  // namespace netsurf
