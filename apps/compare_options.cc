// What the flags of a comparison ask for, taken together.
#include <algorithm>
#include <ostream>

#include "apps/compare.h"
#include "apps/option_groups.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxTops = 250;

std::optional<Damage> load_oracle(const Arguments& arguments, const ModelFile& file, const BitSpace& space) {
  if (!arguments.has("oracle")) return std::nullopt;
  std::string path = arguments.text("oracle");
  Damage damage = load_damage(path);
  if (damage.model_digest != file.model.digest()) {
    throw InputError("damage file " + path + " was measured on model " + short_digest(damage.model_digest) +
                     ", not on " + short_digest(file.model.digest()) + " of " + file.path.string() +
                     "; make one with netsurf oracle");
  }
  if (damage.bit_space_digest != space.digest()) {
    throw InputError("damage file " + path + " is of other bits than the " + std::to_string(space.size()) +
                     " of " + file.path.string() + "; use the same --pruned for both");
  }
  if (damage.num_bits != space.size()) {
    throw InputError("damage file " + path + " is of " + std::to_string(damage.num_bits) +
                     " bits, the model has " + std::to_string(space.size()) +
                     "; make one with netsurf oracle");
  }
  return damage;
}

/// A misspelt baseline should not wait for the rankings to be found: names begin with their method.
void check_baseline(const CompareRequest& request, const Arguments& arguments) {
  std::vector<std::string> methods;
  if (arguments.has("method")) methods = expand_methods(arguments.list("method"));
  for (const RankingFile& file : request.given) methods.push_back(file.ranking.method);
  bool is_one = std::any_of(methods.begin(), methods.end(),
                            [&](const std::string& method) { return request.baseline.starts_with(method); });
  if (!request.baseline.empty() && !is_one)
    throw InputError(unknown_word_message("--baseline", request.baseline, methods));
}

}  // namespace

std::vector<Option> compare_options() {
  return join_options(
      {{{"compare", "", "",
         "compare the rankings: how alike they are, and what is lost under faults with the first bits of "
         "each "
         "protected, on the test samples. The options below go with it"},
        {"ranking", "FILE", "", "rankings of this model that exist already, in place of or besides --method",
         true, "r"},
        {"oracle", "FILE", "", "damage file of netsurf oracle, to score the rankings by"},
        {"protection_range", "P", "0.05,0.1,0.2,0.4", "shares of each ranking made immune", true,
         "tmr_range"},
        {"ber_range", "R", "0.001,0.01,0.03", "bit error rates", true},
        {"num_reps", "N", "200", "trials per ranking, protection and bit error rate; the same for all"},
        {"design", "NAME", "independent",
         "independent, or rotation (narrower intervals; where --num_reps holds eight epochs of 1/BER "
         "trials)"},
        {"top", "P", "0.2,0.4,0.8,1", "shares of the bits whose sets are compared", true},
        {"baseline", "NAME", "", "the ranking that others are set against (default: the first)"},
        {"resamples", "N", "200", "resamples of the bits for intervals of agreement; 0: no intervals"},
        {"compare_samples", "N", "", "judge on N of the test samples, a draw that is always the same"},
        {"compare_dir", "DIR", "", "where tables and figures go (default: compare, beside the model)"},
        {"plot", "", "", "draw overlap, radar, accuracy and loss over protection, regret"}},
       session_options()});
}

std::optional<CompareRequest> compare_request(const Arguments& arguments, const ModelFile& file,
                                              const Streams& streams) {
  if (!arguments.flag("compare")) {
    for (const Option& option : compare_options()) {
      if (arguments.has(option.name)) refuse_idle(option.name, "without --compare");
    }
    return std::nullopt;
  }
  CompareRequest request;
  RegretOptions& regret = request.regret;
  regret.protections = decimals_of(arguments, "protection_range", "protection");
  regret.bit_error_rates = decimals_of(arguments, "ber_range", "bit error rate");
  regret.trials = static_cast<uint64_t>(arguments.integer("num_reps", 2, int64_t{1} << 32));
  regret.faults.design = parse_design(arguments.text("design"));
  regret.faults.seed = seed_of(arguments);
  request.tops = decimals_of(arguments, "top", "top share");
  if (request.tops.size() > kMaxTops)
    throw InputError("--top names " + std::to_string(request.tops.size()) + " shares; give at most " +
                     std::to_string(kMaxTops));
  request.baseline = arguments.text("baseline");
  request.resamples = static_cast<int>(arguments.integer("resamples", 0, 100000));
  if (arguments.has("compare_samples"))
    request.num_samples = arguments.integer("compare_samples", 1, INT32_MAX);
  request.folder = arguments.has("compare_dir") ? fs::path(arguments.text("compare_dir"))
                                                : file.path.parent_path() / "compare";
  request.plot = arguments.flag("plot");
  request.session = session_of(arguments);
  request.device = device_of(arguments);
  BitSpace space(file.model, pruned_of(arguments));
  for (const std::string& path : arguments.list("ranking"))
    request.given.push_back(load_ranking_of(file, space, path));
  request.oracle = load_oracle(arguments, file, space);
  check_baseline(request, arguments);
  if (request.oracle && request.oracle->split != kJudgedSplit) {
    streams.err << "note: the oracle was measured on " << request.oracle->split
                << " samples; regret is measured on " << kJudgedSplit << " samples\n";
  }
  return request;
}

}  // namespace netsurf
