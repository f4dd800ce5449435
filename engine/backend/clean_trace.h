// What every stage puts out without faults: computed once, read by every trial.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/backend/packed_network.h"
#include "engine/backend/stage_costs.h"
#include "engine/backend/tile_memory.h"
#include "engine/model/dataset.h"
#include "kernels/cpu/packed.h"

namespace netsurf {

/// What every thread of a session reads; all of it outlives whoever keeps it.
struct PackedInputs {
  const PackedNetwork& network;
  const cpu::PackedKernels& kernels;
  const EvaluationSet& set;
};

/// The kept slots (Slot::kept) of some tiles.
class CleanTrace {
 public:
  CleanTrace(const PackedInputs& inputs, int64_t num_tiles);
  static int64_t bytes_per_tile(const PackedNetwork& network);

  const TileMemory& memory() const { return memory_; }

 private:
  TileMemory memory_;
};

/// Computes clean tiles; one per thread.
class CleanRunner {
 public:
  explicit CleanRunner(const PackedInputs& inputs);

  /// Computes tile `tile` of the set into place `at` of the trace.
  void run(int64_t tile, CleanTrace& trace, int64_t at);
  /// The scored codes of the tile that ran last: [codes, kTile].
  const int32_t* narrow_scored() const { return reinterpret_cast<const int32_t*>(scored_); }
  const int64_t* wide_scored() const { return reinterpret_cast<const int64_t*>(scored_); }

  /// Times every stage that can change on the tile that ran last; [stages].
  std::vector<StageCosts> measure();

 private:
  void run_stage(const Stage& stage);
  cpu::TileJob job_of(const Stage& stage) const;
  StageCosts measure_sums(const Stage& stage);
  void measure_updates(const Stage& stage, const cpu::TileJob& job, StageCosts& costs);

  PackedInputs inputs_;
  TileMemory scratch_;           // one tile of all slots
  std::vector<uint8_t*> where_;  // per slot, its content: in the trace, or in scratch_
  const uint8_t* scored_ = nullptr;
  ParameterOperands parameters_;
  Activations activations_;
};

}  // namespace netsurf
