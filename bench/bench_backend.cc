// The plain CPU path: trials/s and GMAC/s of whole trials on an MLP and on a small convolutional network with
// synthetic weights, one thread and all. The mark to judge them by is measured in the same run: the same sums
// over 64 inputs that never leave the first-level cache.
#include <benchmark/benchmark.h>

#include <omp.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "kernels/core/philox.h"
#include "kernels/cpu/sums.h"

namespace netsurf {
namespace {

constexpr Format kWeights{6, 0, true}, kActivations{6, 2, false};

/// Codes drawn by address, so that every machine measures the same network.
int32_t draw(const Format& format, uint32_t place, uint64_t key) {
  uint64_t random = core::philox(core::counter_of(0, place, 0, core::Purpose::ranking), key).pair(0);
  return static_cast<int32_t>(format.min_code() +
                              static_cast<int64_t>(random % (uint64_t{1} << format.bits)));
}

class Builder {
 public:
  explicit Builder(Shape input) {
    add(LayerKind::input);
    layers_.back().format = Format{8, 0, false};
    layers_.back().shape = std::move(input);
  }
  Layer& add(LayerKind kind) {
    Layer layer;
    layer.name = "layer " + std::to_string(layers_.size());
    layer.kind = kind;
    if (!layers_.empty()) layer.inputs = {static_cast<int>(layers_.size()) - 1};
    layers_.push_back(std::move(layer));
    return layers_.back();
  }
  void add_sums(LayerKind kind, Shape kernel, Window window = {}) {
    Layer& layer = add(kind);
    layer.window = window;
    layer.bias = add_parameter({kernel[0]}, Format{8, 1, true});
    layer.kernel = add_parameter(std::move(kernel), kWeights);
  }
  void add_relu() {
    Layer& layer = add(LayerKind::activation);
    layer.function = ActivationFunction::relu;
    layer.format = kActivations;
  }
  void add_max_pool() {
    add(LayerKind::max_pool).window = {.height = 2, .width = 2, .stride_y = 2, .stride_x = 2};
  }
  Model build() { return Model::build("bench", std::move(layers_), std::move(parameters_)); }

 private:
  int add_parameter(Shape shape, Format format) {
    Parameter parameter;
    parameter.name = "parameter " + std::to_string(parameters_.size());
    parameter.format = format;
    for (uint32_t i = 0; i < num_elements(shape); ++i)
      parameter.codes.push_back(draw(format, i, parameters_.size() + 1));
    parameter.shape = std::move(shape);
    parameters_.push_back(std::move(parameter));
    return static_cast<int>(parameters_.size()) - 1;
  }

  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
};

Model mlp() {
  Builder builder({784});
  builder.add_sums(LayerKind::dense, {64, 784});
  builder.add_relu();
  builder.add_sums(LayerKind::dense, {10, 64});
  return builder.build();
}

Model conv_net() {
  Builder builder({28, 28, 1});
  builder.add_sums(LayerKind::conv2d, {8, 3, 3, 1}, {.height = 3, .width = 3});
  builder.add_relu();
  builder.add_max_pool();
  builder.add_sums(LayerKind::conv2d, {16, 3, 3, 8}, {.height = 3, .width = 3});
  builder.add_relu();
  builder.add_max_pool();
  builder.add(LayerKind::flatten);
  builder.add_sums(LayerKind::dense, {10, 400});
  return builder.build();
}

EvaluationSet samples(const Model& model, int64_t count) {
  EvaluationSet set;
  set.count = count;
  set.sample_size = model.type(0).elements();
  for (uint32_t i = 0; i < count * set.sample_size; ++i)
    set.codes.push_back(draw(model.input().format, i, 99));
  for (int32_t i = 0; i < count; ++i) set.labels.push_back(i % 10);
  return set;
}

TrialPlan plan_of(const char* rate, uint64_t begin, uint64_t end) {
  TrialPlan plan;
  plan.faults.bit_error_rate = UnitDecimal::parse(rate, "rate");
  plan.begin = begin;
  plan.end = end;
  return plan;
}

/// What a wrong session would not survive: no flips give the clean outcome, also after trials with many, and
/// a trial alone on one thread is the same as in company.
bool is_right(const Model& model, const EvaluationSet& set, Session& session) {
  std::vector<TrialOutcome> together = session.run(plan_of("0.01", 0, 4));
  TrialOutcome nothing = session.run(plan_of("0", 0, 1))[0];
  auto alone = make_cpu_backend()->open(model, set, session.bit_space(), {1, 1});
  return nothing == session.clean() && together[3] == alone->run(plan_of("0.01", 3, 4))[0] &&
         together[0].flips > 0 && together[0].distance > 0;
}

/// Arguments: samples, threads (0: all), whether losses are wanted.
void run_trials(benchmark::State& state, const Model& model) {
  EvaluationSet set = samples(model, state.range(0));
  auto threads = static_cast<int>(state.range(1));
  auto session = make_cpu_backend()->open(model, set, BitSpace(model), {threads, 1000});
  if (!is_right(model, set, *session)) {
    state.SkipWithError("the outcomes are wrong");
    return;
  }
  auto trials_per_run = static_cast<uint64_t>(threads == 0 ? omp_get_num_procs() : threads) * 4;
  uint64_t trial = 0;
  for (auto _ : state) {
    TrialPlan plan = plan_of("0.001", trial, trial + trials_per_run);
    plan.with_loss = state.range(2) != 0;
    benchmark::DoNotOptimize(session->run(plan).data());
    trial += trials_per_run;
  }
  auto trials = static_cast<double>(trial);
  state.counters["trials/s"] = benchmark::Counter(trials, benchmark::Counter::kIsRate);
  state.counters["GMAC/s"] = benchmark::Counter(
      trials * static_cast<double>(set.count * model.num_macs()) * 1e-9, benchmark::Counter::kIsRate);
}

void plain_mlp(benchmark::State& state) { run_trials(state, mlp()); }
void plain_conv_net(benchmark::State& state) { run_trials(state, conv_net()); }
void add_arms(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"samples", "threads", "loss"})->UseRealTime()->Unit(benchmark::kMillisecond);
  for (int64_t threads : {1, 0}) {
    for (int64_t loss : {0, 1}) bench->Args({1000, threads, loss});
  }
}
BENCHMARK(plain_mlp)->Apply(add_arms);
BENCHMARK(plain_conv_net)->Apply(add_arms);

/// One thread, 64 inputs to 64 outputs of one tile: 8 KiB of input.
void sums_in_cache(benchmark::State& state) {
  constexpr int kSize = 64;
  std::vector<int32_t> x(kSize * cpu::kTile), kernel(kSize * kSize), y(kSize * cpu::kTile);
  for (uint32_t i = 0; i < x.size(); ++i) x[i] = draw(kActivations, i, 1);
  for (uint32_t i = 0; i < kernel.size(); ++i) kernel[i] = draw(kWeights, i, 2);
  std::vector<cpu::Stretch> stretches = {{0, 0, kSize}};
  cpu::SumShape shape{kSize, kSize, 0, 0};
  cpu::sums_of_products(x.data(), stretches, kernel.data(), nullptr, shape, y.data());
  for (int output = 0; output < kSize; ++output) {
    for (int sample = 0; sample < cpu::kTile; ++sample) {
      int32_t sum = 0;
      for (int i = 0; i < kSize; ++i) sum += kernel[output * kSize + i] * x[i * cpu::kTile + sample];
      if (sum != y[output * cpu::kTile + sample]) {
        state.SkipWithError("a sum is wrong");
        return;
      }
    }
  }
  for (auto _ : state) {
    cpu::sums_of_products(x.data(), stretches, kernel.data(), nullptr, shape, y.data());
    benchmark::DoNotOptimize(y.data());
  }
  state.counters["GMAC/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kSize * kSize * cpu::kTile * 1e-9,
                         benchmark::Counter::kIsRate);
}
BENCHMARK(sums_in_cache);

}  // namespace
}  // namespace netsurf
