// Ranking by the size of the Hessian's diagonal as plain random probes estimate it: the original's `laplace`,
// kept to compare. `curvature` has the exact diagonal, for less work.
#include <cmath>

#include "engine/gradient/estimators.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {

const std::array<RankerOption, 6> kLaplaceOptions = {
    {{"num_hutchinson_samples", RankerOption::Kind::integer, "100", 1, 1 << 24, "", "random probes"},
     kProducts,
     kPrecision,
     kAscending,
     kAbsoluteValue,
     kNormalizeScore}};

RankedBits rank_laplace(const RankRequest& request) {
  std::unique_ptr<FloatTwin> twin = twin_of(request);
  int64_t probes = request.settings.integer("num_hutchinson_samples");
  std::vector<double> diagonal = finite("laplace", "the diagonal",
                                        hutchinson_diagonal(hessian_of("laplace", request, *twin, probes),
                                                            twin->num_elements(), probes, request.seed)
                                            .diagonal);
  if (request.settings.integer("absolute_value") != 0) {
    for (double& h : diagonal) h = std::fabs(h);
  }
  return order_scores(request, to_bits(flip_table(request.model, request.space), diagonal));
}

}  // namespace netsurf
