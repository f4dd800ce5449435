#include "engine/rank/diagonal.h"

#include <algorithm>

#include "engine/gradient/estimators.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {

GradientAndDiagonal gradient_and_diagonal(std::string_view method, const RankRequest& request,
                                          const FloatTwin& twin) {
  std::string_view way = request.settings.word("diagonal");
  if (way == "auto") way = twin.exact_diagonal_pays() ? "exact" : "xdiag";
  MomentsRequest wanted;
  wanted.seed = request.seed;
  if (way == "exact") wanted.curvature = CurvatureSeeds::exact;
  if (way == "sampled") wanted.curvature = CurvatureSeeds::sampled;
  GradientMoments moments = twin.moments(wanted);
  std::vector<double> diagonal = std::move(moments.curvature);
  if (way == "xdiag") {
    int64_t most = std::max<int64_t>(4, 2 * twin.num_elements());
    int64_t products = std::min(request.settings.integer("products"), most);
    diagonal = xdiag(hessian_of(method, request, twin, products), twin.num_elements(), products, request.seed,
                     request.num_threads)
                   .diagonal;
  }
  return {finite(method, "the gradient", std::move(moments.gradient)),
          finite(method, "the curvature", std::move(diagonal))};
}

}  // namespace netsurf
