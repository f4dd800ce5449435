// Ranking by the empirical Fisher information: the mean over the samples of squared gradients, each sample's
// its own.
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {

const std::array<RankerOption, 3> kFisherOptions = {{kAscending, kNormalizeScore, kPrecision}};

RankedBits rank_fisher(const RankRequest& request) {
  MomentsRequest wanted;
  wanted.squares = true;
  std::vector<double> squares =
      finite("fisher", "the squared gradient", twin_of(request)->moments(wanted).squared_gradient);
  return order_scores(request, to_bits(flip_table(request.model, request.space), squares));
}

}  // namespace netsurf
