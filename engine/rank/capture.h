// How well an order finds the bits that do damage: against single flips that were measured one by one.
#pragma once

#include <span>
#include <vector>

#include "engine/faults/bit_space.h"
#include "engine/rank/agreement.h"

namespace netsurf {

/// Damage below zero counts as none here, except in `spearman`.
struct Capture {
  /// Area under the share of all damage that the first bits hold, over the share of bits, relative to the
  /// same area of the best order. In (0, 1].
  Estimate area;
  /// Damage in the first 1 % of the bits (at least one), relative to what the best 1 % hold. In [0, 1].
  Estimate recall;
  /// Correlation of places and of places by damage, bits of equal damage sharing the mean of theirs.
  double spearman = 0;
};

struct CaptureOptions {
  uint64_t seed = 1;    // of the bootstrap
  int resamples = 200;  // 0: no intervals
  int num_threads = 1;  // at least 1; changes no figure
};

/// One Capture per order, in which only the measured `bits` count: damage[i] is of bits[i]. Empty when no bit
/// does any damage. The intervals resample bits; the first 1 % stay the same bits.
std::vector<Capture> capture(std::span<const Places> orders, std::span<const BitId> bits,
                             std::span<const double> damage, const CaptureOptions& options);

}  // namespace netsurf
