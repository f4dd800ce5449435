// The order of a bit-flip attack: progressive bit search (Rakin, He, Fan, ICCV 2019). Step by step, the flip
// of the whole network that raises the loss most, found among each parameter's most promising one, is made
// and kept. Bits that the search did not reach follow by |gradient x step| at the clean network.
#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/gradient/float_twin.h"
#include "engine/rank/flip_table.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

using Kind = RankerOption::Kind;

/// A network under attack: its operands, and what flipping each bit would do to first order.
class Attack {
 public:
  Attack(const RankRequest& request, FloatTwin& twin)
      : request_(request),
        twin_(twin),
        operands_(PlainNetwork(request.model).clean_parameters()),
        flips_(flip_table(request.model, request.space)),
        is_made_(flips_.step.size()),
        now_(twin.moments({})) {}

  /// |gradient x step| of every bit as the network is now.
  std::vector<double> magnitudes() const {
    std::vector<double> score(flips_.step.size());
    for (size_t id = 0; id < score.size(); ++id)
      score[id] = std::fabs(now_.gradient[flips_.element[id]] * flips_.step[id]);
    return score;
  }

  /// Makes the flip that raises the loss most, among `candidates` of each parameter; false when none is left.
  bool step(int64_t candidates) {
    BitId best = 0;
    bool found = false;
    GradientMoments best_moments;
    for (BitId id : promising(candidates)) {
      flip(id);
      twin_.freeze_at(operands_);
      GradientMoments moments = twin_.moments({});
      flip(id);
      if (!found || moments.loss > best_moments.loss) {
        found = true;
        best = id;
        best_moments = std::move(moments);
      }
    }
    if (!found) return false;
    flip(best);
    is_made_[best] = 1;
    made_.push_back(best);
    now_ = std::move(best_moments);
    return true;
  }

  const std::vector<BitId>& made() const { return made_; }

 private:
  void flip(BitId id) {
    BitAddress address = request_.space.address(id);
    auto parameter = static_cast<size_t>(address.parameter);
    int32_t& operand = operands_[parameter][static_cast<size_t>(address.element)];
    const Parameter& stored = request_.model.parameters()[parameter];
    operand = core::flip_operand(operand, address.bit, stored.storage());
    // The element's other flips now start from here: the sign of the step follows the code.
    BitId first = id - static_cast<BitId>(address.bit);
    for (int bit = 0; bit < stored.format.bits; ++bit)
      flips_.step[first + static_cast<BitId>(bit)] = flip_step(stored, operand, bit);
  }

  /// Of each parameter, the unmade flips with the largest gradient x step.
  std::vector<BitId> promising(int64_t candidates) const {
    std::vector<BitId> chosen;
    for (const BitSpace::Segment& segment : request_.space.segments()) {
      std::vector<std::pair<double, BitId>> rise;
      for (BitId id = segment.begin; id < segment.end; ++id) {
        if (is_made_[id] == 0) rise.emplace_back(-now_.gradient[flips_.element[id]] * flips_.step[id], id);
      }
      auto kept = std::min<int64_t>(candidates, static_cast<int64_t>(rise.size()));
      std::partial_sort(rise.begin(), rise.begin() + kept, rise.end());
      for (int64_t i = 0; i < kept; ++i) chosen.push_back(rise[static_cast<size_t>(i)].second);
    }
    return chosen;
  }

  const RankRequest& request_;
  FloatTwin& twin_;
  ParameterOperands operands_;
  FlipTable flips_;
  std::vector<uint8_t> is_made_;
  std::vector<BitId> made_;
  GradientMoments now_;
};

}  // namespace

const std::array<RankerOption, 2> kAttackOptions = {{
    {"steps", Kind::integer, "40", 1, 1 << 20, "", "flips that the search makes"},
    {"candidates", Kind::integer, "1", 1, 1000, "", "flips of each parameter that a step tries"},
}};

RankedBits rank_attack(const RankRequest& request) {
  std::unique_ptr<FloatTwin> twin =
      make_float_twin(request.model, request.space, *request.data,
                      {.precision = Precision::float32, .num_threads = request.num_threads});
  Attack attack(request, *twin);
  std::vector<double> score = attack.magnitudes();
  double above = *std::max_element(score.begin(), score.end());
  int64_t steps = request.settings.integer("steps");
  for (int64_t i = 0; i < steps; ++i) {
    check_stop(request);
    if (!attack.step(request.settings.integer("candidates"))) break;
    if (request.progress) request.progress(static_cast<double>(i + 1) / static_cast<double>(steps), "flips");
  }
  // Above all that the search did not reach, the first flip highest.
  auto made = static_cast<double>(attack.made().size());
  for (size_t i = 0; i < attack.made().size(); ++i)
    score[attack.made()[i]] = above + (made - static_cast<double>(i));
  return order_bits(request, std::move(score), request.order);
}

}  // namespace netsurf
