// Rankings by depth: the layer that first uses a parameter, nearest to the input or to the output first. The
// score is one for the last layer in line and counts up to the first.
#include <algorithm>

#include "engine/model/canonical.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

/// depth[parameter]: 0 for the first layer that has stored parameters, rising; parameters of one layer share
/// it.
std::vector<int> depths(const Model& model, int& count) {
  std::vector<int> depth(model.parameters().size(), -1);
  count = 0;
  for (const Layer& layer : model.layers()) {
    bool is_first_use = false;
    for (int parameter : parameter_roles(layer)) {
      if (parameter < 0 || model.parameters()[static_cast<size_t>(parameter)].constant) continue;
      if (depth[static_cast<size_t>(parameter)] >= 0) continue;
      depth[static_cast<size_t>(parameter)] = count;
      is_first_use = true;
    }
    if (is_first_use) ++count;
  }
  return depth;
}

RankedBits rank_by_depth(const RankRequest& request, bool first) {
  int count = 0;
  std::vector<int> depth = depths(request.model, count);
  std::vector<double> score(request.space.size());
  for (const BitSpace::Segment& segment : request.space.segments()) {
    int d = depth[static_cast<size_t>(segment.parameter)];
    std::fill(score.begin() + segment.begin, score.begin() + segment.end, first ? count - d : d + 1);
  }
  return order_bits(request, std::move(score), request.order);
}

}  // namespace

RankedBits rank_layerwise_first(const RankRequest& request) { return rank_by_depth(request, true); }
RankedBits rank_layerwise_last(const RankRequest& request) { return rank_by_depth(request, false); }

}  // namespace netsurf
