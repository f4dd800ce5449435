// The work of one packed stage in one trial: whichever of its ways is cheapest.
#pragma once

#include "engine/backend/prepared_trial.h"

namespace netsurf {

/// Corrections that one changed operand can take: operands of 8 bits differ by at most 255 = 127 + 127 + 1,
/// those of 16 bits by 32767 + 32767 + 1.
inline constexpr int kMaxParts = 3;

/// What decides the work of a stage.
struct SumsSituation {
  Path path = Path::automatic;
  bool input_may_change = false;
  // As StageWork::written, what can differ in an input pixel's words where the stage before was only partly
  // written; else empty.
  std::span<const uint8_t> written_input;
};

/// Fills trial.stages[stage] from trial.changes, and adds to trial.seconds_per_tile.
/// REQUIRES: rows, starts, scalings and corrections of the trial have room for what this appends.
void prepare_sums(const Stage& stage, size_t index, const StageCosts& costs, const SumsSituation& situation,
                  PreparedTrial& trial);

}  // namespace netsurf
