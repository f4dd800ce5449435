// Rankings by what a flip does to the loss to second order, in units of loss, with the flip's true step.
#include <cmath>

#include "engine/rank/diagonal.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {

const std::array<RankerOption, 6> kTaylorOptions = {
    {kDiagonal, kDiagonalProducts, kProducts, kPrecision, kAscending, kNormalizeScore}};

RankedBits rank_taylor2(const RankRequest& request) {
  FlipTable flips = flip_table(request.model, request.space);
  auto [gradient, diagonal] = gradient_and_diagonal("taylor2", request, *twin_of(request));
  std::vector<double> score(flips.step.size());
  for (size_t id = 0; id < score.size(); ++id) {
    double d = flips.step[id];
    score[id] = std::fabs(gradient[flips.element[id]] * d) + diagonal[flips.element[id]] * d * d / 2;
  }
  return order_scores(request, std::move(score));
}

RankedBits rank_curvature(const RankRequest& request) {
  FlipTable flips = flip_table(request.model, request.space);
  std::vector<double> diagonal = gradient_and_diagonal("curvature", request, *twin_of(request)).diagonal;
  std::vector<double> score(flips.step.size());
  for (size_t id = 0; id < score.size(); ++id) {
    double d = flips.step[id];
    score[id] = diagonal[flips.element[id]] * d * d / 2;
  }
  return order_scores(request, std::move(score));
}

}  // namespace netsurf
