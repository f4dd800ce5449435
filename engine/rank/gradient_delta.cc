// Rankings by the gradient of the loss where all elements are what flipping one bit of each would change them
// by: bit place after bit place, each with a network of its own.
#include <cmath>

#include "engine/rank/deltas.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {

const std::array<RankerOption, 4> kGraddeltaOptions = {
    {kAscending, kAbsoluteValue, kNormalizeScore, kPrecision}};
const std::array<RankerOption, 4> kGraddeltaNormOptions = {
    {kAscending, kAbsoluteValue, kNormalizedScore, kPrecision}};

RankedBits rank_graddelta(const RankRequest& request) {
  bool is_absolute = request.settings.integer("absolute_value") != 0;
  FlipTable flips = flip_table(request.model, request.space);
  std::unique_ptr<FloatTwin> twin = twin_of(request);
  std::vector<double> score(request.space.size());
  int places = num_places(request.space);
  for (int place = 0; place < places; ++place) {
    check_stop(request);
    twin->freeze_at(delta_operands(request.model, request.space, place));
    std::vector<double> gradient = finite("graddelta", "the gradient", twin->moments({}).gradient);
    for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t, int bit) {
      if (bit != segment.bits - 1 - place) return;
      double g = gradient[flips.element[id]];
      score[id] = is_absolute ? std::fabs(g) : g;
    });
    if (request.progress) request.progress((place + 1.0) / places, "bit places");
  }
  return order_scores(request, std::move(score));
}

}  // namespace netsurf
