// Scoring one tile of 32 samples, one thread: Scorer::add (its vectors) and the same counts by the functions
// of kernels/core/score.h, sample by sample. ns per tile; the bytes of codes and clean codes over the time
// show how far from reading them alone it is (two 256-bit loads a cycle from the first-level cache: about 200
// GB/s).
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/backend/scorer.h"
#include "kernels/core/philox.h"
#include "kernels/core/score.h"
#include "kernels/cpu/tile.h"

namespace netsurf {
namespace {

using cpu::kTile;

int32_t draw(uint32_t place, int32_t low, int32_t high) {
  uint64_t random = core::philox(core::counter_of(0, place, 0, core::Purpose::ranking), 5).pair(0);
  return low + static_cast<int32_t>(random % (static_cast<uint64_t>(high - low) + 1));
}

/// A model of num_codes scored codes in [-8160, 8160], step 2^-9; one tile of its codes, clean and with one
/// code in ten changed.
struct ScoredTile {
  Model model;
  EvaluationSet set;
  std::vector<int32_t> clean, codes;  // [num_codes, kTile]

  explicit ScoredTile(int num_codes) : model(build(num_codes)) {
    set.count = kTile;
    for (uint32_t s = 0; s < kTile; ++s) set.labels.push_back(draw(s, 0, num_codes - 1));
    for (uint32_t i = 0; i < static_cast<uint32_t>(num_codes) * kTile; ++i) {
      clean.push_back(draw(i, -8160, 8160));
      codes.push_back(i % 10 == 0 ? draw(i + 100000, -8160, 8160) : clean.back());
    }
  }

  static Model build(int num_codes) {
    Layer input, dense;
    input.name = "input";
    input.shape = {1};
    input.format = Format{8, 4, false};
    dense.name = "dense";
    dense.kind = LayerKind::dense;
    dense.inputs = {0};
    dense.kernel = 0;
    Parameter kernel;
    kernel.name = "kernel";
    kernel.shape = {num_codes, 1};
    kernel.format = Format{6, 0, true};
    kernel.codes.assign(static_cast<size_t>(num_codes), 1);
    return Model::build("scored", {input, dense}, {kernel});
  }
};

/// The counts of a tile, by the functions of one element.
void add_by_elements(const ScoredTile& tile, float step, bool with_loss, TrialOutcome& outcome) {
  auto num_codes = static_cast<int>(tile.codes.size()) / kTile;
  for (int s = 0; s < kTile; ++s) {
    int64_t distance = 0;
    for (auto at = static_cast<size_t>(s); at < tile.codes.size(); at += kTile)
      distance = core::held_sum(distance, core::squared_difference(tile.codes[at], tile.clean[at]));
    outcome.distance = core::held_sum(outcome.distance, distance);
    int prediction = core::argmax(tile.codes.data() + s, num_codes, kTile);
    int32_t label = tile.set.labels[static_cast<size_t>(s)];
    outcome.changed += prediction != core::argmax(tile.clean.data() + s, num_codes, kTile) ? 1 : 0;
    outcome.correct += prediction == label ? 1 : 0;
    if (with_loss) outcome.loss += core::cross_entropy(tile.codes.data() + s, num_codes, kTile, step, label);
  }
}

/// Calls add(outcome) for every iteration after seeing that it is right. Arguments: codes, whether the loss
/// is wanted.
template <typename Add>
void run(benchmark::State& state, const ScoredTile& tile, const Scorer& scorer, bool with_loss, Add add) {
  const TensorType& type = tile.model.type(tile.model.scored_layer());
  TrialOutcome expected = scorer.empty_outcome(0, with_loss), outcome = expected;
  add_by_elements(tile, core::step_of(1, type.frac_bits), with_loss, expected);
  add(outcome);
  if (outcome != expected || outcome.changed == 0) {
    state.SkipWithError("the outcome is wrong");
    return;
  }
  for (auto _ : state) {
    add(outcome);
    benchmark::DoNotOptimize(outcome);
  }
  auto bytes = static_cast<double>(2 * tile.codes.size() * sizeof(int32_t));
  state.counters["bytes/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * bytes, benchmark::Counter::kIsRate);
}

void score_tile(benchmark::State& state) {
  ScoredTile tile(static_cast<int>(state.range(0)));
  bool with_loss = state.range(1) != 0;
  Scorer scorer(tile.model, tile.set);
  scorer.record_clean(tile.clean.data(), 0, kTile);
  run(state, tile, scorer, with_loss,
      [&](TrialOutcome& outcome) { scorer.add(tile.codes.data(), 0, kTile, with_loss, outcome); });
}

void score_tile_by_elements(benchmark::State& state) {
  ScoredTile tile(static_cast<int>(state.range(0)));
  bool with_loss = state.range(1) != 0;
  Scorer scorer(tile.model, tile.set);
  float step = core::step_of(1, tile.model.type(tile.model.scored_layer()).frac_bits);
  run(state, tile, scorer, with_loss,
      [&](TrialOutcome& outcome) { add_by_elements(tile, step, with_loss, outcome); });
}

void add_arms(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"codes", "loss"})->ArgsProduct({{10, 100}, {0, 1}});
}
BENCHMARK(score_tile)->Apply(add_arms);
BENCHMARK(score_tile_by_elements)->Apply(add_arms);

}  // namespace
}  // namespace netsurf
