// Magnitude pruning of kernels on a schedule that reaches its target.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/train/network.h"

namespace netsurf {

class PruningSchedule {
 public:
  /// Steps at the beginning of epochs start, start + frequency, ..., and always at `end`. A run of fewer
  /// epochs squeezes the schedule so that its last step still lies inside the run, at the beginning of the
  /// last epoch at the latest.
  PruningSchedule(UnitDecimal target, int start, int end, int frequency, int num_epochs);

  /// Whether the beginning of this epoch prunes.
  bool prunes_at(int epoch) const;
  /// The number of zeros a kernel of `elements` has after this epoch's step: rises linearly to floor(target x
  /// elements).
  uint64_t zeros_at(int epoch, uint64_t elements) const;
  /// The epoch of the last step: from here on the target is reached. 0 when nothing is pruned.
  int last_step() const { return target_.is_zero() ? 0 : end_; }

 private:
  UnitDecimal target_;
  int start_, end_, frequency_;
};

/// Prunes the elements of smallest magnitude (the first in order among equals) until `zeros` are pruned;
/// pruned ones stay so.
void prune_smallest(Tensor& kernel, uint64_t zeros);

}  // namespace netsurf
