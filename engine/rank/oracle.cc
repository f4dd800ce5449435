// Ranking by measured damage: what flipping the bit alone does, from a file that `netsurf oracle` wrote.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "engine/base/error.h"
#include "engine/rank/damage.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

/// The damage of every flipped bit as a score: higher is worse.
std::vector<double> scores_of(Damage damage, std::string_view metric, const std::string& path) {
  std::vector<double> scores = std::move(metric == "loss"       ? damage.loss
                                         : metric == "accuracy" ? damage.accuracy
                                         : metric == "changed"  ? damage.changed
                                                                : damage.distance);
  if (scores.empty() && !damage.bits.empty()) {
    throw InputError("method oracle: " + path + " holds no " + std::string(metric) +
                     ": its samples have no answers to compare with; take metric=changed or metric=distance");
  }
  if (metric == "accuracy") std::transform(scores.begin(), scores.end(), scores.begin(), std::negate<>());
  return scores;
}

void check_digest(const std::string& path, std::string_view what, const std::string& found,
                  const std::string& expected) {
  if (found == expected) return;
  throw InputError("method oracle: " + path + " was measured on " + std::string(what) + " " +
                   found.substr(0, 12) + ", this one is " + expected.substr(0, 12) +
                   "; run netsurf oracle with this model and the same --pruned");
}

}  // namespace

const std::array<RankerOption, 2> kOracleOptions = {{
    {"file", RankerOption::Kind::word, "", 0, 0, "", "the damage file of netsurf oracle; must be given"},
    {"metric", RankerOption::Kind::word, "loss", 0, 0, "loss accuracy changed distance",
     "which damage orders the bits"},
}};

RankedBits rank_oracle(const RankRequest& request) {
  std::string path(request.settings.word("file"));
  if (path.empty()) {
    throw InputError(
        "method oracle reads measured damages: give their file with --method_kws file=PATH; netsurf oracle "
        "makes it");
  }
  Damage damage = load_damage(path);
  check_digest(path, "model", damage.model_digest, request.model.digest());
  check_digest(path, "bit space", damage.bit_space_digest, request.space.digest());
  if (damage.num_bits != request.space.size()) {
    throw InputError("method oracle: " + path + " is of " + std::to_string(damage.num_bits) +
                     " bits, this model has " + std::to_string(request.space.size()) +
                     "; run netsurf oracle again");
  }
  std::vector<BitId> bits = damage.bits;
  std::vector<double> measured = scores_of(std::move(damage), request.settings.word("metric"), path);
  // Bits of which nothing is known stand below all others, where their exponents order them.
  double low = measured.empty() ? 0 : *std::min_element(measured.begin(), measured.end());
  std::vector<double> score(request.space.size(), low - std::max(1.0, std::fabs(low)));
  for (size_t i = 0; i < bits.size(); ++i) score[bits[i]] = measured[i];
  return order_bits(request, std::move(score), request.order);
}

}  // namespace netsurf
