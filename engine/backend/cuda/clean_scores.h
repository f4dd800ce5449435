// What every sample's scored codes are without faults: computed on the host, once, and kept on the device.
#pragma once

#include "engine/backend/plain_network.h"
#include "engine/faults/trial.h"
#include "engine/model/dataset.h"
#include "kernels/cuda/counts.h"
#include "kernels/cuda/memory.h"

namespace netsurf {

class CleanScores {
 public:
  /// Runs the plain path over the whole set on `num_threads` threads. Throws cuda::OutOfMemory.
  CleanScores(const PlainNetwork& network, const EvaluationSet& set, int num_threads,
              const cuda::Stream& stream);

  /// For the device's kernels; valid as long as this.
  cuda::ScoreData data(bool with_loss) const;
  /// What the lanes of a batch without flips must count.
  const cuda::LaneCounts& counts() const { return counts_; }
  /// Counts as an outcome, with nulls where the set has no labels or the loss is not wanted.
  TrialOutcome outcome(uint64_t trial, int64_t flips, const cuda::LaneCounts& counts, bool with_loss) const;

 private:
  Task task_;
  cuda::ScoreData data_;
  cuda::LaneCounts counts_;
  cuda::DeviceMemory<int64_t> codes_;
  cuda::DeviceMemory<int32_t> predictions_, labels_;
  cuda::DeviceMemory<float> targets_;
};

}  // namespace netsurf
