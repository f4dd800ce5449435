// Fault lists of design rotation: which trial of an epoch each bit flips in, and the flips of the trials
// wanted, found by a thread for every kRotationBits bits of an epoch.
#pragma once

#include <cstdint>

#include "kernels/core/host_device.h"
#include "kernels/core/philox.h"
#include "kernels/cuda/draw_immune.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

inline constexpr uint32_t kRotationBits = 64;

struct RotationDraws {
  uint64_t key = 0;
  uint64_t num_bits = 0;
  uint64_t step = 0;              // P = BER x 2^64, above 1
  uint64_t trials_per_epoch = 1;  // R = floor(2^64 / P)
  Immune immune;

  /// Threads that share an epoch.
  NETSURF_HD uint32_t num_chunks() const {
    return static_cast<uint32_t>((num_bits + kRotationBits - 1) / kRotationBits);
  }
  /// floor(number / P): number x R / 2^64 lies below number / P by less than one.
  NETSURF_HD uint64_t place(uint64_t number) const {
    const auto low = static_cast<uint64_t>(static_cast<unsigned __int128>(number) * trials_per_epoch >> 64);
    return low + (number - low * step >= step ? 1 : 0);
  }
};

/// Trials begin .. begin + num_trials - 1 and the epochs they lie in.
struct RotationTrials {
  uint64_t begin = 0, num_trials = 0;
  uint64_t first_epoch = 0, num_epochs = 0;

  RotationTrials(const RotationDraws& draws, uint64_t first, uint64_t count)
      : begin(first),
        num_trials(count),
        first_epoch(first / draws.trials_per_epoch),
        num_epochs(count == 0 ? 0 : (first + count - 1) / draws.trials_per_epoch - first_epoch + 1) {}
};

/// visit(trial - begin, bit) for the flips that protection leaves among a chunk's bits, bits ascending.
template <typename Visit>
NETSURF_HD void visit_chunk(const RotationDraws& draws, const RotationTrials& trials, uint64_t epoch,
                            uint32_t chunk, Visit& visit) {
  const uint64_t begin = uint64_t{chunk} * kRotationBits;
  const uint64_t end = begin + kRotationBits < draws.num_bits ? begin + kRotationBits : draws.num_bits;
  const uint64_t lane_of_first = epoch * draws.trials_per_epoch - trials.begin;  // below zero it wraps
  for (uint64_t pair = begin; pair < end; pair += 2) {
    const core::PhiloxBlock random = core::philox(
        core::counter_of(epoch, static_cast<uint32_t>(pair / 2), 0, core::Purpose::rotation), draws.key);
    for (int i = 0; i < 2; ++i) {
      const uint64_t place = draws.place(random.pair(i)), lane = lane_of_first + place;
      if (place >= draws.trials_per_epoch || lane >= trials.num_trials) continue;
      const uint64_t bit = pair + static_cast<uint64_t>(i);
      if (bit < end && !draws.immune(static_cast<uint32_t>(bit)))
        visit(static_cast<uint32_t>(lane), static_cast<uint32_t>(bit));
    }
  }
}

struct FlipCounter {
  uint64_t count = 0;
  NETSURF_HD void operator()(uint32_t, uint32_t) { ++count; }
};
struct FlipWriter {
  uint32_t* lanes;
  uint32_t* bits;
  NETSURF_HD void operator()(uint32_t lane, uint32_t bit) {
    *lanes++ = lane;
    *bits++ = bit;
  }
};

/// counts[e * num_chunks + c] = flips of chunk c in epoch first_epoch + e that lie in the trials. All
/// pointers, those of `draws` too, are the device's.
void count_rotation(const RotationDraws& draws, const RotationTrials& trials, uint64_t* counts,
                    const Stream& stream);

/// The same flips as (lane, bit), in the order of epochs and bits, from entry starts[e * num_chunks + c] on;
/// `starts` are the sums of the counts, one entry more than chunks.
void write_rotation(const RotationDraws& draws, const RotationTrials& trials, const uint64_t* starts,
                    uint32_t* lanes, uint32_t* bits, const Stream& stream);

}  // namespace netsurf::cuda
