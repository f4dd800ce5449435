// How alike two orders of the same bits are: as wholes, and in the bits that they put first.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/rank/bootstrap.h"

namespace netsurf {

/// Where an order puts each bit: places[BitId] in [0, bits), each place once. As Ranking::ranks().
using Places = std::span<const uint32_t>;

/// Kendall's tau of two orders without ties: pairs of bits in the same order minus pairs in opposite orders,
/// as a share of all pairs. In [-1, 1]; 1 for fewer than two bits. Takes n log n steps.
double kendall_tau(Places a, Places b);

/// Spearman's rho of two orders without ties: the correlation of places. In [-1, 1]; 1 for fewer than two
/// bits.
double spearman_rho(Places a, Places b);

/// How many of the first tops[t] bits of a are among the first tops[t] bits of b. REQUIRES: `tops` rises.
std::vector<uint64_t> shared_in_tops(Places a, Places b, std::span<const uint64_t> tops);

/// The first `top` bits of both: |A n B| / |A u B| and |A n B| / top; 1 for a top of no bits.
struct TopAgreement {
  uint64_t top = 0;
  Estimate jaccard, overlap;
};

struct OrderAgreement {
  Estimate kendall, spearman;
  std::vector<TopAgreement> tops;  // as asked
};

struct AgreementOptions {
  std::vector<uint64_t> tops;  // numbers of bits, rising
  uint64_t seed = 1;           // of the bootstrap
  int resamples = 200;         // 0: no intervals
  int num_threads = 1;         // at least 1; changes no figure
};

/// Agreement of every pair of indices into `orders`, with bootstrap intervals over bits. Those of tau and rho
/// come from each bit's influence on them (the first term of the statistic around the whole set), which takes
/// n steps per resample; those of the tops hold the two sets of bits fixed. REQUIRES: all orders are of the
/// same number of bits.
std::vector<OrderAgreement> compare_orders(std::span<const Places> orders,
                                           std::span<const std::pair<size_t, size_t>> pairs,
                                           const AgreementOptions& options);

}  // namespace netsurf
