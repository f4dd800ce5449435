// The random ranking: what every other one must beat.
#include "engine/rank/draws.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {

RankedBits rank_random(const RankRequest& request) {
  uint64_t key = draw_key("netsurf ranking", request.space, request.seed);
  std::vector<uint64_t> draw = ranking_draws(key, request.space.size());
  std::vector<double> score(draw.size());
  for (size_t id = 0; id < draw.size(); ++id) score[id] = 1.0 - static_cast<double>(draw[id]) * 0x1p-64;
  return {order_by_key(draw), std::move(score)};
}

}  // namespace netsurf
