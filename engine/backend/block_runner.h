// Runs prepared trials on a block of tiles: the paths dense, delta and auto. One per thread.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/backend/clean_trace.h"
#include "engine/backend/prepared_trial.h"
#include "engine/backend/scorer.h"

namespace netsurf {

/// Consecutive tiles that stay in a core's cache while trial after trial passes over them.
struct TileBlock {
  int64_t begin = 0;  // tile
  int size = 0;       // at most kMaxBlock
};
inline constexpr int kMaxBlock = 64;  // tiles that a mask of 64 bits counts

class BlockRunner {
 public:
  /// Keeps references to all but `block_size`, the tiles of the largest block.
  BlockRunner(const PackedInputs& inputs, const Scorer& scorer, int block_size);
  /// Bytes that a tile of a block takes beside the trace.
  static int64_t bytes_per_tile(const PackedNetwork& network);

  /// Runs what follows on `block`, whose clean content begins at place `at` of the trace.
  void enter(const TileBlock& block, const CleanTrace& trace, int64_t at);
  /// Runs one trial; adds what it counts to `outcome`.
  void run(const PreparedTrial& trial, bool with_loss, TrialOutcome& outcome);

 private:
  using Mask = uint64_t;  // tiles of the block

  void run_plain(const Stage& stage, Mask tiles);
  void run_pack(const Stage& stage, Mask tiles);
  void note_changes(const Stage& stage, Mask tiles);
  void run_anew(const Stage& stage, std::span<const cpu::QuadJob> anew, std::span<const cpu::QuadJob> update,
                std::span<const cpu::Run> differing, Mask tiles);
  void run_partly(size_t index, const StageWork& work, Mask tiles);
  /// Makes own_ of these tiles hold the clean content but in words that `work` writes.
  void restore(const Stage& stage, const StageWork& work, Mask tiles);
  /// Puts a trial's operands into the parameters that plain stages read, or takes them out again.
  void put_plain(const PreparedTrial& trial);
  void take_plain(const PreparedTrial& trial);
  void score(bool with_loss, TrialOutcome& outcome) const;

  cpu::TileJob job_for(const Stage& stage, int tile) const;
  std::span<cpu::TileJob> jobs_for(const Stage& stage, Mask tiles);
  void take_changes(const Stage& stage, Mask tiles, std::span<const cpu::TileJob> jobs);
  /// Null where the trace does not keep the slot.
  uint8_t* clean(int slot, int tile) const {
    return slot >= 0 && trace_->memory().has(slot) ? trace_->memory().at(slot, at_ + tile) : nullptr;
  }
  /// A slot's content in this trial.
  uint8_t* current(int slot, int tile) const {
    return (changed_[static_cast<size_t>(slot)] >> tile & 1) != 0 ? own_.at(slot, tile) : clean(slot, tile);
  }

  PackedInputs inputs_;
  const Scorer& scorer_;
  TileMemory own_;  // slots that can change, of the block's tiles
  const CleanTrace* trace_ = nullptr;
  int64_t at_ = 0;
  TileBlock block_;
  Mask all_ = 0;
  std::vector<Mask> changed_;  // per slot, tiles whose content is in own_
  std::vector<Mask> copied_;   // per slot, tiles where own_ holds the clean content but in stale_ words
  std::vector<std::vector<uint8_t>> stale_;  // per slot, of an output pixel's words as in StageWork::written
  std::vector<cpu::TileJob> jobs_;
  std::vector<std::vector<cpu::TileJob>> clean_jobs_;  // per stage of sums, all tiles with their clean inputs
  ParameterOperands parameters_;
  Activations activations_;
};

}  // namespace netsurf
