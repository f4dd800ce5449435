// Rankings by the power of two a bit stands for.
#include <cmath>

#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

/// 2^exponent, or 2^-exponent.
std::vector<double> powers(const RankRequest& request, int sign) {
  std::vector<double> score(request.space.size());
  for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t, int bit) {
    const Parameter& parameter = request.model.parameters()[static_cast<size_t>(segment.parameter)];
    score[id] = std::ldexp(1.0, sign * exponent_of(parameter, bit));
  });
  return score;
}

}  // namespace

// The score is the plane here, so that both order modes mean the same.
RankedBits rank_bitwise_msb(const RankRequest& request) {
  return order_bits(request, powers(request, 1), OrderMode::global);
}

RankedBits rank_bitwise_lsb(const RankRequest& request) {
  return order_bits(request, powers(request, -1), OrderMode::global);
}

}  // namespace netsurf
