// Rankings by how far a flip moves the output of its own layer: alone, times the gradient, or times the
// curvature of the loss.
#include <cmath>

#include "engine/rank/diagonal.h"
#include "engine/rank/impact.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {
namespace {

constexpr RankerOption kInputs = {
    "inputs",
    RankerOption::Kind::word,
    "corrupted",
    0,
    0,
    "corrupted clean",
    "what layers read: with all bits flipped, as in the original, or with none"};

std::vector<double> impacts_of(const RankRequest& request, const FlipTable& flips) {
  return bit_impacts(request, flips, request.settings.word("inputs") == "corrupted");
}

}  // namespace

const std::array<RankerOption, 3> kQpolarOptions = {{kInputs, kAscending, kNormalizeScore}};
const std::array<RankerOption, 4> kQpolargradOptions = {{kInputs, kAscending, kNormalizeScore, kPrecision}};
const std::array<RankerOption, 7> kImpactHessianOptions = {
    {kInputs, kDiagonal, kDiagonalProducts, kProducts, kPrecision, kAscending, kNormalizeScore}};

RankedBits rank_qpolar(const RankRequest& request) {
  return order_scores(request, impacts_of(request, flip_table(request.model, request.space)));
}

RankedBits rank_qpolargrad(const RankRequest& request) {
  FlipTable flips = flip_table(request.model, request.space);
  std::vector<double> score = impacts_of(request, flips);
  std::vector<double> gradient = finite("qpolargrad", "the gradient", twin_of(request)->moments({}).gradient);
  for (size_t id = 0; id < score.size(); ++id) score[id] *= std::fabs(gradient[flips.element[id]]);
  return order_scores(request, std::move(score));
}

RankedBits rank_impact_hessian(const RankRequest& request) {
  FlipTable flips = flip_table(request.model, request.space);
  std::vector<double> score = impacts_of(request, flips);
  std::vector<double> diagonal = gradient_and_diagonal("impact_hessian", request, *twin_of(request)).diagonal;
  for (size_t id = 0; id < score.size(); ++id) score[id] *= diagonal[flips.element[id]];
  return order_scores(request, std::move(score));
}

}  // namespace netsurf
