// What each bit contributes to the agreement of two orders.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/rank/agreement.h"

namespace netsurf {

/// The bit at each place. REQUIRES: `places` is a permutation.
std::vector<uint32_t> order_of(Places places);

/// surplus[bit]: with how many others the bit is in the same order in a and b, minus with how many it is not.
/// Tau is their mean over n - 1.
std::vector<int64_t> pair_surplus(Places a, Places b);

/// The derivative of Spearman's rho by the weight of each bit, up to a constant that is the same for all.
std::vector<double> rho_influence(Places a, Places b);

}  // namespace netsurf
