// What one trial's flips make of each stage: kernel rows with faults, or corrections of clean sums. Made once
// per trial, used for every tile by any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/backend/operand_changes.h"
#include "engine/backend/packed_network.h"
#include "engine/backend/planner.h"
#include "engine/backend/stage_costs.h"
#include "engine/faults/bit_space.h"

namespace netsurf {

/// The work of one stage.
struct StageWork {
  bool is_faulty = false;         // flips hit its own parameters
  bool input_may_change = false;  // flips hit what comes before
  // Where the input is clean: quads computed anew, and channels corrected.
  std::vector<cpu::QuadJob> redo;
  std::vector<cpu::ChannelJob> correct;
  // Of each word of an output pixel, the places that these write, a bit each (of its channels, where sums are
  // the output). Empty if all.
  std::vector<uint8_t> written;
  // Where the input changed: quads computed anew, and quads updated for the words of the input that can
  // differ; what is their own then are jobs of `correct`.
  std::vector<cpu::QuadJob> anew, update;
  std::vector<cpu::Run> differing;
};

struct PreparedTrial {
  std::vector<StageWork> stages;  // [stages]
  bool anew = false;              // path dense: every stage anew, whatever its inputs
  double seconds_per_tile = 0;    // expected
  OperandChanges changes;

  // What the jobs point into.
  std::vector<int8_t> rows;
  std::vector<int32_t> starts;
  std::vector<cpu::Scaling> scalings;
  std::vector<cpu::Correction> corrections;
  std::vector<uint8_t> may_change;  // [slots]
};

class TrialPreparer {
 public:
  /// Keeps references to all.
  TrialPreparer(const PackedNetwork& network, const BitSpace& space, const std::vector<StageCosts>& costs);

  /// Fills `trial`, whose memory is used again. `path` is dense, delta or automatic.
  void prepare(std::span<const BitId> flips, Path path, PreparedTrial& trial) const;
  /// Bytes that a trial's jobs can take.
  int64_t bytes_per_trial() const { return row_bytes_ + job_bytes_; }

 private:
  const PackedNetwork& network_;
  const std::vector<StageCosts>& costs_;
  ChangeFinder finder_;
  int64_t row_bytes_ = 0;  // of all rows of all packed layers
  int64_t job_bytes_ = 0;  // of the jobs and what says where they are
  int64_t num_rows_ = 0;
};

}  // namespace netsurf
