// The inverse distribution function of Binomial(n, p) as 64-bit thresholds, built with IEEE basic operations
// only so that every machine builds the same table. Construction: docs/reproducibility.md.
#pragma once

#include <cstdint>
#include <vector>

namespace netsurf {

/// thresholds[k] = P(count <= k) x 2^64, non-decreasing, up to the last one below 2^64. A uniform 64-bit
/// number stands for the count of thresholds it has reached. `p_fixed` = p x 2^64, 0 < p_fixed. REQUIRES: 1
/// <= n <= 4096.
std::vector<uint64_t> binomial_thresholds(uint32_t n, uint64_t p_fixed);

}  // namespace netsurf
