// Drawing fault lists: flips/s and trials/s for spaces and rates from few flips in many blocks to many in
// each, against two marks in the same run: the Philox calls such a trial needs at the least (the ceiling),
// and geometric skipping with a Mersenne twister (the usual way, which needs a logarithm per flip and cannot
// replay a trial alone).
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <string>

#include "engine/faults/sampler.h"
#include "kernels/core/mask.h"

namespace netsurf {
namespace {

// One row per arm: bits, and the rate as a power of ten.
void add_arms(benchmark::internal::Benchmark* bench) {
  for (int64_t bits : {100'000, 1'000'000, 20'000'000}) {
    for (int64_t exponent : {6, 4, 3, 2, 1}) bench->Args({bits, exponent});
  }
  bench->ArgNames({"bits", "rate_1e-"})->Unit(benchmark::kMicrosecond);
}

std::string rate_text(const benchmark::State& state) { return "1e-" + std::to_string(state.range(1)); }
double rate_of(const benchmark::State& state) { return std::pow(10.0, -static_cast<double>(state.range(1))); }

BitSpace space_of(int64_t bits) {
  std::vector<Layer> layers(2);
  layers[0].name = "input";
  layers[0].kind = LayerKind::input;
  layers[0].format = Format{1, 0, true};
  layers[0].shape = {static_cast<int>(bits / 8)};
  layers[1].name = "dense";
  layers[1].kind = LayerKind::dense;
  layers[1].inputs = {0};
  layers[1].kernel = 0;
  Parameter kernel;
  kernel.name = "kernel";
  kernel.shape = {1, static_cast<int>(bits / 8)};
  kernel.format = Format{8, 0, true};
  kernel.codes.assign(static_cast<size_t>(bits / 8), 0);
  return BitSpace(Model::build("space", std::move(layers), {std::move(kernel)}));
}

void set_rates(benchmark::State& state, double flips) {
  state.counters["flips/s"] = benchmark::Counter(flips, benchmark::Counter::kIsRate);
  state.counters["trials/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

/// Seven standard errors; a sampler that is wrong is not worth timing.
bool has_right_count(const benchmark::State& state, double flips, double trials) {
  double mean = trials * static_cast<double>(state.range(0)) * rate_of(state);
  return std::fabs(flips - mean) <= 7 * std::sqrt(mean) + 7;
}

void sample(benchmark::State& state, FaultModel model, Design design) {
  BitSpace space = space_of(state.range(0));
  FaultSampler sampler(space, {model, design, UnitDecimal::parse(rate_text(state), "rate"), 1, nullptr}, {});
  double flips = 0;
  uint64_t trial = 0;
  for (auto _ : state) {
    FaultBatch batch = sampler.sample(trial, trial + 1);
    ++trial;
    flips += static_cast<double>(batch.bits.size());
    benchmark::DoNotOptimize(batch.bits.data());
  }
  if (!has_right_count(state, flips, static_cast<double>(trial)))
    state.SkipWithError("the number of flips is wrong");
  set_rates(state, flips);
}

void independent(benchmark::State& state) { sample(state, FaultModel::bernoulli, Design::independent); }
BENCHMARK(independent)->Apply(add_arms);

/// A whole epoch in one go, as a sweep draws it, where an epoch is short enough to hold.
void rotation(benchmark::State& state) {
  BitSpace space = space_of(state.range(0));
  FaultSampler sampler(
      space,
      {FaultModel::bernoulli, Design::rotation, UnitDecimal::parse(rate_text(state), "rate"), 1, nullptr},
      {});
  uint64_t size = sampler.epoch_size(), epoch = 0;
  double flips = 0;
  for (auto _ : state) {
    FaultBatch batch = sampler.sample(epoch * size, (epoch + 1) * size);
    ++epoch;
    flips += static_cast<double>(batch.bits.size());
    benchmark::DoNotOptimize(batch.bits.data());
  }
  if (!has_right_count(state, flips, static_cast<double>(epoch * size)))
    state.SkipWithError("the number of flips is wrong");
  state.counters["flips/s"] = benchmark::Counter(flips, benchmark::Counter::kIsRate);
  state.counters["trials/s"] =
      benchmark::Counter(static_cast<double>(epoch * size), benchmark::Counter::kIsRate);
}
BENCHMARK(rotation)
    ->Args({100'000, 4})
    ->Args({100'000, 2})
    ->Args({1'000'000, 2})
    ->ArgNames({"bits", "rate_1e-"});

/// One call per block for the count and one per eight flips for the positions, and nothing else.
void ceiling(benchmark::State& state) {
  double mean = static_cast<double>(state.range(0)) * rate_of(state);
  auto calls = static_cast<uint32_t>(state.range(0) / core::kBlockBits + static_cast<int64_t>(mean / 8) + 1);
  uint64_t trial = 0;
  for (auto _ : state) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < calls; ++i)
      sum ^= core::philox(core::counter_of(trial, i, 0, core::Purpose::flip_count), 7).word[0];
    benchmark::DoNotOptimize(sum);
    ++trial;
  }
  set_rates(state, mean * static_cast<double>(trial));
}
BENCHMARK(ceiling)->Apply(add_arms);

void geometric_peer(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::geometric_distribution<int64_t> gap(rate_of(state));
  double flips = 0, trials = 0;
  std::vector<BitId> bits;
  for (auto _ : state) {
    bits.clear();
    for (int64_t id = gap(random); id < state.range(0); id += 1 + gap(random))
      bits.push_back(static_cast<BitId>(id));
    flips += static_cast<double>(bits.size());
    ++trials;
    benchmark::DoNotOptimize(bits.data());
  }
  if (!has_right_count(state, flips, trials)) state.SkipWithError("the number of flips is wrong");
  set_rates(state, flips);
}
BENCHMARK(geometric_peer)->Apply(add_arms);

}  // namespace
}  // namespace netsurf
