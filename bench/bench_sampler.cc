// Drawing fault lists in batches of a thousand trials, as a sweep does: time per trial and flips/s, for
// spaces and rates from few flips in many blocks to many in each; protected ones, and threads. Two marks in
// the same run: the Philox calls such a trial needs at the least, several to a vector (the ceiling), and
// geometric skipping with a Mersenne twister (the usual way, which needs a logarithm per flip and cannot
// replay a trial alone).
#include <benchmark/benchmark.h>

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <string>

#include "engine/faults/sampler.h"
#include "kernels/core/mask.h"
#include "kernels/cpu/philox.h"

namespace netsurf {
namespace {

constexpr uint64_t kBatch = 1000;

/// Bits of the weights of 16-64-32-32-5 and 784-64-10 at 6 bits each, and the rate as a power of ten.
void add_arms(benchmark::internal::Benchmark* bench) {
  for (int64_t bits : {26'334, 301'056}) {
    for (int64_t exponent : {4, 3, 2, 1}) bench->Args({bits, exponent});
  }
  bench->ArgNames({"bits", "rate_1e-"})->Unit(benchmark::kMillisecond);
}

std::string rate_text(const benchmark::State& state) { return "1e-" + std::to_string(state.range(1)); }
double rate_of(const benchmark::State& state) { return std::pow(10.0, -static_cast<double>(state.range(1))); }

BitSpace space_of(int64_t bits) {
  std::vector<Layer> layers(2);
  layers[0].name = "input";
  layers[0].kind = LayerKind::input;
  layers[0].format = Format{1, 0, true};
  layers[0].shape = {static_cast<int>(bits / 6)};
  layers[1].name = "dense";
  layers[1].kind = LayerKind::dense;
  layers[1].inputs = {0};
  layers[1].kernel = 0;
  Parameter kernel;
  kernel.name = "kernel";
  kernel.shape = {1, static_cast<int>(bits / 6)};
  kernel.format = Format{6, 0, true};
  kernel.codes.assign(static_cast<size_t>(bits / 6), 0);
  return BitSpace(Model::build("space", std::move(layers), {std::move(kernel)}));
}

void set_rates(benchmark::State& state, double flips, double trials) {
  state.counters["flips/s"] = benchmark::Counter(flips, benchmark::Counter::kIsRate);
  state.counters["s/trial"] =
      benchmark::Counter(trials, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Seven standard errors; a sampler that is wrong is not worth timing.
bool has_right_count(double flips, double mean) { return std::fabs(flips - mean) <= 7 * std::sqrt(mean) + 7; }

/// Place of bit id in a ranking: shuffled, so that neighbours share no fate.
Protection protect(const BitSpace& space, const char* fraction) {
  std::vector<uint32_t> rank(space.size());
  std::iota(rank.begin(), rank.end(), 0u);
  std::shuffle(rank.begin(), rank.end(), std::mt19937(1));
  return {UnitDecimal::parse(fraction, "protection"),
          std::make_shared<const std::vector<uint32_t>>(std::move(rank))};
}

void sample(benchmark::State& state, FaultModel model, Design design, const char* protection = "0",
            int num_threads = 1) {
  BitSpace space = space_of(state.range(0));
  FaultSampler sampler(space, {model, design, UnitDecimal::parse(rate_text(state), "rate"), 1, nullptr},
                       protect(space, protection), num_threads);
  double flips = 0;
  uint64_t trial = 0;
  for (auto _ : state) {
    FaultBatch batch = sampler.sample(trial, trial + kBatch);
    trial += kBatch;
    flips += static_cast<double>(batch.bits.size());
    benchmark::DoNotOptimize(batch.bits.data());
  }
  if (!has_right_count(flips, sampler.expected_flips() * static_cast<double>(trial)))
    state.SkipWithError("the number of flips is wrong");
  set_rates(state, flips, static_cast<double>(trial));
}

void independent(benchmark::State& state) { sample(state, FaultModel::bernoulli, Design::independent); }
BENCHMARK(independent)->Apply(add_arms);

void independent_protected(benchmark::State& state) {
  sample(state, FaultModel::bernoulli, Design::independent, "0.5");
}
BENCHMARK(independent_protected)->Apply(add_arms);

void independent_threads(benchmark::State& state) {
  sample(state, FaultModel::bernoulli, Design::independent, "0", omp_get_max_threads());
}
BENCHMARK(independent_threads)->Apply(add_arms)->UseRealTime();

void rotation(benchmark::State& state) { sample(state, FaultModel::bernoulli, Design::rotation); }
BENCHMARK(rotation)->Apply(add_arms);

void rotation_threads(benchmark::State& state) {
  sample(state, FaultModel::bernoulli, Design::rotation, "0", omp_get_max_threads());
}
BENCHMARK(rotation_threads)->Apply(add_arms)->UseRealTime();

void exact(benchmark::State& state) { sample(state, FaultModel::exact, Design::independent); }
BENCHMARK(exact)->Apply(add_arms);

/// One draw per block for the count and one per eight flips for the positions, and nothing else.
void ceiling(benchmark::State& state) {
  double mean = static_cast<double>(state.range(0)) * rate_of(state);
  auto calls = static_cast<uint32_t>(state.range(0) / core::kBlockBits + static_cast<int64_t>(mean / 8) + 1);
  cpu::PhiloxDraws draws{};
  double trials = 0;
  for (auto _ : state) {
    for (uint64_t rest = kBatch * calls; rest > 0;) {
      auto count = static_cast<uint32_t>(std::min<uint64_t>(rest, cpu::PhiloxDraws::kMax));
      cpu::philox_all(7, count, draws);
      benchmark::DoNotOptimize(draws.random);
      rest -= count;
    }
    trials += kBatch;
  }
  set_rates(state, mean * trials, trials);
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
  if (!has_right_count(flips, trials * static_cast<double>(state.range(0)) * rate_of(state)))
    state.SkipWithError("the number of flips is wrong");
  set_rates(state, flips, trials);
}
BENCHMARK(geometric_peer)->Apply(add_arms);

}  // namespace
}  // namespace netsurf
