// A channel's scale and shift are few stored numbers that everything in the channel hangs on: one flip of a
// high bit saturates it. A normal law would smear such rare, large changes, so the bits that matter are
// enumerated and only the rest is taken as normal.
#pragma once

#include <vector>

#include "engine/predict/parameter_law.h"

namespace netsurf {

/// y = scale x + shift with these numbers, at this chance.
struct AffineCase {
  double chance = 1, scale = 1, shift = 0;
};

struct AffineLaw {
  std::vector<AffineCase> cases;  // the first is that no enumerated bit flips; chances sum to 1
  double scale_variance = 0, shift_variance = 0;  // of the bits that are not enumerated
  double rest_clean = 1;                          // the chance that none of those flips
};

/// x as it is.
AffineLaw identity_law();

/// From the values without flips and the bits that may flip. `range`: how far apart the values that come out
/// of the following activation are; what moves y by little beside it is not enumerated.
AffineLaw affine_law(double scale, const std::vector<BitStep>& scale_bits, double shift,
                     const std::vector<BitStep>& shift_bits, double range);

}  // namespace netsurf
