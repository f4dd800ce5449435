// The random ranking: what every other one must beat.
#include "engine/base/digest.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"
#include "kernels/core/philox.h"

namespace netsurf {

RankedBits rank_random(const RankRequest& request) {
  uint64_t key = Digest()
                     .add("netsurf ranking")
                     .add(request.space.digest())
                     .add(static_cast<int64_t>(request.seed))
                     .first_64_bits();
  std::vector<uint64_t> draw(request.space.size());
  std::vector<double> score(draw.size());
  for (size_t id = 0; id < draw.size(); ++id) {
    auto index = static_cast<uint32_t>(id / 2);
    draw[id] = core::philox(core::counter_of(0, index, 0, core::Purpose::ranking), key).pair(id & 1);
    score[id] = 1.0 - static_cast<double>(draw[id]) * 0x1p-64;
  }
  return {order_by_key(draw), std::move(score)};
}

}  // namespace netsurf
