#include "engine/predict/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/backend/check_set.h"
#include "engine/backend/parallel.h"
#include "engine/backend/plain_network.h"
#include "engine/base/error.h"
#include "engine/gradient/frozen_tile.h"
#include "engine/predict/drawn_end.h"
#include "engine/predict/moment_layer.h"
#include "engine/predict/outcome.h"
#include "kernels/cpu/tile.h"

namespace netsurf {
namespace {

constexpr int64_t kTile = cpu::kTile;

void check_rates(std::span<const double> rates, const BitSpace& space) {
  if (rates.size() != space.size()) {
    throw InputError(std::to_string(rates.size()) + " flip rates for " + std::to_string(space.size()) +
                     " bits; one for each is needed");
  }
  for (double rate : rates) {
    if (!(rate >= 0 && rate <= 1)) {
      throw InputError("a flip rate of " + std::to_string(rate) + " is no probability: 0 to 1 is possible");
    }
  }
}

/// Those that the last one depends on.
std::vector<bool> needed_layers(const Model& model, const std::vector<std::unique_ptr<MomentLayer>>& layers) {
  std::vector<bool> needed(layers.size());
  needed.back() = true;
  for (size_t i = layers.size(); i-- > 0;) {
    if (!needed[i]) continue;
    const std::vector<int> inputs = layers[i] != nullptr ? layers[i]->inputs() : model.layers()[i].inputs;
    for (int input : inputs) needed[static_cast<size_t>(input)] = true;
  }
  return needed;
}

constexpr double kMinChance = 1e-3;  // below it a case of its own changes no accuracy by a tenth of a percent

/// `chance`: that nothing flips before the rule's layer.
OutcomeSum outcome_of(OutcomeRule& rule, const LayerTile& tile, double chance, size_t thread) {
  if (chance < kMinChance) return rule.outcome(tile, thread);
  TileMoments still(tile.clean.size());
  still.mean = tile.clean;
  OutcomeSum sum;
  sum.add(chance, rule.outcome({still, tile.clean, tile.begin, tile.samples}, thread));
  if (chance < 1) {
    const TileMoments others = without_clean(tile.moments, tile.clean, chance, tile.samples);
    sum.add(1 - chance, rule.outcome({others, tile.clean, tile.begin, tile.samples}, thread));
  }
  return sum;
}

}  // namespace

struct MomentPredictor::State {
  State(const Model& m, const BitSpace& s, const EvaluationSet& e, int threads)
      : model(m),
        space(s),
        set(e),
        num_threads(threads == 0 ? omp_get_num_procs() : threads),
        plain(m),
        frozen(plain, e) {}

  std::unique_ptr<OutcomeRule> make_rule(std::span<const double> rates) const {
    if (set.task != Task::classification) return make_squared_errors(model, set);
    return make_drawn_end(plain, space, set, rates, num_threads);
  }

  const Model& model;
  const BitSpace& space;
  const EvaluationSet& set;
  int num_threads;
  PlainNetwork plain;
  FrozenNetwork frozen;
};

MomentPredictor::MomentPredictor(const Model& model, const BitSpace& space, const EvaluationSet& set,
                                 int num_threads) {
  check_set(model, set);
  state_ = std::make_unique<State>(model, space, set, num_threads);
}

MomentPredictor::~MomentPredictor() = default;

Prediction MomentPredictor::predict(std::span<const double> rates, const PredictWatch& watch) const {
  const State& s = *state_;
  check_rates(rates, s.space);
  const ParameterLaw law(s.model, s.space, rates);
  const std::unique_ptr<OutcomeRule> rule = s.make_rule(rates);
  const CleanChances chances = clean_chances(s.model, law);
  const double clean_chance = chances.whole[static_cast<size_t>(rule->layer())];
  std::vector<std::unique_ptr<MomentLayer>> layers;
  for (int i = 0; i <= rule->layer(); ++i) layers.push_back(make_moment_layer(s.model, i, law));
  const std::vector<bool> needed = needed_layers(s.model, layers);

  const int64_t tiles = (s.set.count + kTile - 1) / kTile;
  std::vector<OutcomeSum> sums(static_cast<size_t>(tiles));
  std::vector<Workspace> workspaces;
  for (int i = 0; i < s.num_threads; ++i) workspaces.push_back(s.plain.make_workspace());
  std::atomic<int64_t> tiles_done = 0;
  const auto is_stopped = [&] { return watch.stop != nullptr && *watch.stop; };
  parallel_tasks(s.num_threads, tiles, [&](int64_t tile, size_t thread) {
    if (is_stopped()) return;
    const int64_t begin = tile * kTile;
    FrozenTile<double> clean;
    s.frozen.fill(begin, static_cast<int>(std::min(kTile, s.set.count - begin)), workspaces[thread], clean);
    std::vector<TileMoments> moments(layers.size());
    const MomentTile view{s.plain, clean, moments, chances};
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!needed[i]) continue;
      if (layers[i] != nullptr) {
        moments[i] = layers[i]->run(view);
      } else if (i == 0) {
        moments[i] = TileMoments(clean.values[0].size());
        moments[i].mean = clean.values[0];
      } else {
        moments[i] = moments[static_cast<size_t>(s.model.layers()[i].inputs[0])];
      }
    }
    TileMoments& last = moments.back();
    last.channels = tied_channels(s.model, rule->layer());
    sums[static_cast<size_t>(tile)] = outcome_of(
        *rule, {last, view.clean_values(rule->layer()), begin, clean.samples}, clean_chance, thread);
    const int64_t done = ++tiles_done;
    if (thread == 0 && watch.progress != nullptr)
      watch.progress(static_cast<double>(done) / static_cast<double>(tiles));
  });
  if (is_stopped()) throw RunError("the prediction was stopped");
  Prediction result;
  for (const OutcomeSum& sum : sums) {
    result.accuracy += sum.correct;
    result.loss += sum.loss;
  }
  const auto count = static_cast<double>(s.set.count);
  result.loss /= count;
  result.accuracy =
      s.set.task == Task::classification ? result.accuracy / count : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace netsurf
