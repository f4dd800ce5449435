// Turns (fault spec, protection, trial) into fault lists. Every random number has an address, so any trial
// can be drawn alone or in any batch and is always the same. The byte layout of keys and counters is in
// docs/reproducibility.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/faults/trial.h"

namespace netsurf {

/// Fault lists of consecutive trials: trial begin + i flips bits[offset[i] .. offset[i + 1]), sorted by
/// BitId.
struct FaultBatch {
  uint64_t begin = 0;
  std::vector<uint64_t> offset;
  std::vector<BitId> bits;

  std::span<const BitId> flips(uint64_t trial) const {
    uint64_t i = trial - begin;
    return {bits.data() + offset[i], bits.data() + offset[i + 1]};
  }
};

class FaultSampler {
 public:
  /// Throws InputError when the combination cannot be drawn: rotation above BER 0.1 or with another model
  /// than bernoulli, coverage when not even one bit flips per trial, a list with ids outside the space.
  /// sample() uses up to num_threads threads, which change no list. REQUIRES: num_threads >= 1.
  FaultSampler(const BitSpace& space, const FaultSpec& faults, const Protection& protection,
               int num_threads = 1);
  ~FaultSampler();
  FaultSampler(FaultSampler&&) noexcept;

  /// Fault lists of trials [begin, end), filtered by protection.
  FaultBatch sample(uint64_t begin, uint64_t end);

  /// Trials after which the design starts afresh: floor(2^64 / round(BER x 2^64)) for rotation, slices per
  /// pass for exact and coverage, 1 for independent bernoulli, the number of lists for list.
  uint64_t epoch_size() const;
  /// Whether this trial is coverage's short last slice of a pass.
  bool is_short_slice(uint64_t trial) const;
  uint64_t num_unprotected() const;
  /// Flips one trial is expected to have left after protection; sizes batches.
  double expected_flips() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netsurf
