// Every plan runs on both backends; outcomes must be the same integers. The CPU backend is the witness: it is
// tested against the naive reference.
#include <algorithm>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/gpu/networks.h"
#include "bench/gpu/parts.h"
#include "bench/gpu/row.h"
#include "engine/backend/backend.h"
#include "engine/backend/cuda/cuda_backend.h"
#include "engine/faults/fault_table.h"

namespace netsurf::bench {
namespace {

constexpr int64_t kFewSamples = 64;
constexpr double kFlipsPerPlan = 4e8;
constexpr double kMacsPerPlan = 8e11;  // a second or so of sixteen cores

struct NamedPlan {
  std::string name;
  TrialPlan plan;
};

/// Lists of one bit, of none, of some and of a run of neighbours, which share words.
std::shared_ptr<const FaultTable> given_lists(uint64_t num_bits, uint64_t trials) {
  std::mt19937_64 random(5);
  std::vector<std::vector<BitId>> lists(trials);
  for (uint64_t trial = 0; trial < trials; ++trial) {
    uint64_t count = trial % 4 == 1 ? 0 : trial % 4 == 0 ? 1 : 40;
    auto first = static_cast<BitId>(random() % (num_bits - std::min(num_bits - 1, count)));
    for (uint32_t i = 0; i < count; ++i) {
      lists[trial].push_back(trial % 4 == 3 ? first + i : static_cast<BitId>(random() % num_bits));
    }
  }
  return std::make_shared<FaultTable>(make_fault_table(std::move(lists)));
}

std::shared_ptr<const std::vector<uint32_t>> shuffled_ranking(uint64_t num_bits) {
  std::vector<uint32_t> rank(num_bits);
  std::iota(rank.begin(), rank.end(), 0u);
  std::mt19937_64 random(6);
  for (uint64_t i = num_bits - 1; i > 0; --i) std::swap(rank[i], rank[random() % (i + 1)]);
  return std::make_shared<const std::vector<uint32_t>>(std::move(rank));
}

enum class Half { first, second };

/// The plans for so many trials: first the laws that every study uses, then the other designs with a fifth.
std::vector<NamedPlan> plans_for(Half half, uint64_t num_bits, uint64_t trials) {
  std::vector<NamedPlan> plans;
  auto add = [&](const std::string& name, const char* rate, FaultModel model, Design design) -> TrialPlan& {
    TrialPlan plan = plan_of(rate, trials, true);
    plan.faults.model = model;
    plan.faults.design = design;
    plan.faults.seed = plans.size();
    // Not from trial 0 on: counters and epochs have a beginning, and batches need not respect it.
    plan.begin = plans.size() % 2 == 0 ? 0 : 12345;
    double flips = plan.faults.bit_error_rate.value() * static_cast<double>(num_bits);
    plan.end = plan.begin + std::min(trials, static_cast<uint64_t>(kFlipsPerPlan / std::max(flips, 1.0)));
    plans.push_back({name, plan});
    return plans.back().plan;
  };
  const std::vector<const char*> rates = {"0.001", "0.01", "0.0001", "0.1", "0.3", "0.00001"};
  if (half == Half::first) {
    for (const char* rate : rates) add("bernoulli", rate, FaultModel::bernoulli, Design::independent);
    add("without_loss", "0.001", FaultModel::bernoulli, Design::independent).with_loss = false;
    TrialPlan& list = add("list", "0", FaultModel::list, Design::independent);
    list.begin = 0;
    list.end = std::min<uint64_t>(trials, 2000);
    list.faults.table = given_lists(num_bits, list.end);
    return plans;
  }
  trials = std::max<uint64_t>(trials / 5, 8);
  TrialPlan& ranked = add("protected", "0.01", FaultModel::bernoulli, Design::independent);
  ranked.protection = {UnitDecimal::parse("0.4", "fraction"), shuffled_ranking(num_bits)};
  for (const char* rate : rates) {
    UnitDecimal value = UnitDecimal::parse(rate, "rate");
    if (value.value() <= 0.1) add("rotation", rate, FaultModel::bernoulli, Design::rotation);
    add("exact", rate, FaultModel::exact, Design::independent);
    if (value.round_of(num_bits) > 0) add("coverage", rate, FaultModel::coverage, Design::independent);
  }
  return plans;
}

/// "" when equal, else the first difference in full.
std::string difference(const std::vector<TrialOutcome>& expected, const std::vector<TrialOutcome>& found) {
  if (expected.size() != found.size())
    return std::to_string(found.size()) + " outcomes, expected " + std::to_string(expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == found[i]) continue;
    return "trial " + std::to_string(expected[i].trial) + ": cpu " + text_of(expected[i]) + "; cuda (trial " +
           std::to_string(found[i].trial) + ") " + text_of(found[i]);
  }
  return "";
}

struct Totals {
  int64_t plans = 0, trials = 0, different = 0, idle = 0, left_out = 0;
};

double mean(const std::vector<TrialOutcome>& outcomes, int64_t TrialOutcome::*count) {
  double sum = 0;
  for (const TrialOutcome& each : outcomes) sum += static_cast<double>(each.*count);
  return sum / static_cast<double>(outcomes.size());
}

/// One network on `count` samples, while there is time until `deadline` of `clock`.
void compare(const Network& network, int64_t count, Half half, Path path, uint64_t trials,
             const Stopwatch& clock, double deadline, Totals& totals) {
  EvaluationSet set = samples(network, count);
  std::unique_ptr<Backend> cpu = make_cpu_backend(), cuda = make_cuda_backend(0);
  BitSpace space(network.model);
  auto expected_session = cpu->open(network.model, set, space, {});
  SessionOptions options;
  options.path = path;
  auto found_session = cuda->open(network.model, set, space, options);
  auto fail = [&](Row& row, const std::string& text) {
    ++totals.different;
    row.add("equal", 0).add("difference", text).print();
  };
  Row clean("parity");
  clean.add("network", network.name).add("samples", count).add("plan", std::string("clean"));
  if (std::string text = difference({expected_session->clean()}, {found_session->clean()}); !text.empty())
    fail(clean, text);
  for (const NamedPlan& each : plans_for(half, space.size(), trials)) {
    if (clock.seconds() > deadline) {
      ++totals.left_out;
      continue;
    }
    Row row("parity");
    row.add("network", network.name).add("samples", count).add("plan", each.name);
    row.add("ber", each.plan.faults.bit_error_rate.text()).add("trials", each.plan.end - each.plan.begin);
    Stopwatch cpu_watch;
    std::vector<TrialOutcome> expected = expected_session->run(each.plan);
    double cpu_seconds = cpu_watch.seconds();
    Stopwatch cuda_watch;
    std::vector<TrialOutcome> found = found_session->run(each.plan);
    row.add("cpu_seconds", cpu_seconds).add("cuda_seconds", cuda_watch.seconds());
    row.add("path", found_session->path()).add("mean_flips", mean(expected, &TrialOutcome::flips));
    double changed = mean(expected, &TrialOutcome::changed);
    row.add("mean_changed", changed);
    if (each.plan.with_loss) row.add("mean_loss", mean(expected, &TrialOutcome::loss) * kLossUnit);
    ++totals.plans;
    totals.trials += static_cast<int64_t>(expected.size());
    // A network that nothing disturbs would prove nothing.
    if (each.plan.faults.bit_error_rate.value() >= 0.01 && changed == 0) ++totals.idle;
    if (std::string text = difference(expected, found); text.empty()) {
      row.add("equal", 1).print();
    } else {
      fail(row, text);
    }
  }
}

/// At most `most`, at least 8, so that a plan takes about kMacsPerPlan.
uint64_t affordable(const Network& network, int64_t count, uint64_t most) {
  double per_trial = static_cast<double>(network.model.num_macs()) * static_cast<double>(count);
  return std::clamp<uint64_t>(static_cast<uint64_t>(kMacsPerPlan / per_trial), 8, most);
}

}  // namespace

bool run_parity(const Effort& effort) {
  std::vector<Network> all = networks(effort.is_quick);
  Totals totals;
  Stopwatch clock;
  auto run = [&](const Network& network, int64_t count, Half half, Path path, uint64_t most) {
    uint64_t trials = affordable(network, count, effort.is_quick ? most / 10 : most);
    try {
      compare(network, count, half, path, trials, clock, effort.seconds, totals);
    } catch (const std::exception& error) {
      ++totals.different;
      Row("parity")
          .add("network", network.name)
          .add("samples", count)
          .add("equal", 0)
          .add("difference", std::string(error.what()))
          .print();
    }
  };
  for (Half half : {Half::first, Half::second}) {
    for (const Network& network : all) {
      run(network, kFewSamples, half, Path::automatic, 10000);
      run(network, network.full_count, half, Path::automatic, 100);
      // The layer path, also for networks that fuse.
      run(network, kFewSamples, half, Path::plain, 1000);
    }
  }
  Row("parity_total")
      .add("plans", totals.plans)
      .add("trials", totals.trials)
      .add("different", totals.different)
      .add("idle", totals.idle)
      .add("left_out", totals.left_out)
      .add("seconds", clock.seconds())
      .print();
  return totals.different == 0 && totals.idle == 0 && totals.left_out == 0;
}

}  // namespace netsurf::bench
