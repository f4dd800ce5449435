// Ranking by |value| of the parameter a bit belongs to; all bits of one parameter share the score.
#include <cmath>

#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {

RankedBits rank_weight_abs_value(const RankRequest& request) {
  std::vector<double> score(request.space.size());
  for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t element, int) {
    const Parameter& parameter = request.model.parameters()[static_cast<size_t>(segment.parameter)];
    int32_t operand = parameter.operand(parameter.codes[static_cast<size_t>(element)]);
    score[id] = std::ldexp(std::fabs(static_cast<double>(operand)), -parameter.format.frac_bits());
  });
  return order_bits(request, std::move(score), request.order);
}

}  // namespace netsurf
