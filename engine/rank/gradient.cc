// Rankings by the gradient of the loss at the model's own values; all bits of one element share the score.
#include <cmath>

#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {

const std::array<RankerOption, 4> kGradOptions = {{kAscending, kAbsoluteValue, kNormalizeScore, kPrecision}};
const std::array<RankerOption, 4> kGradNormOptions = {
    {kAscending, kAbsoluteValue, kNormalizedScore, kPrecision}};

RankedBits rank_grad(const RankRequest& request) {
  std::vector<double> gradient = finite("grad", "the gradient", twin_of(request)->moments({}).gradient);
  if (request.settings.integer("absolute_value") != 0) {
    for (double& g : gradient) g = std::fabs(g);
  }
  return order_scores(request, to_bits(flip_table(request.model, request.space), gradient));
}

}  // namespace netsurf
