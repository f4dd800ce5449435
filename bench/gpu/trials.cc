// Whole trials per second as a sweep gets them: drawing, patching, running, counting, and outcomes on the
// host.
#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/gpu/networks.h"
#include "bench/gpu/parts.h"
#include "bench/gpu/row.h"
#include "engine/backend/backend.h"
#include "engine/backend/cuda/cuda_backend.h"
#include "kernels/cuda/device.h"

namespace netsurf::bench {
namespace {

constexpr uint64_t kChecked = 64;
constexpr int kRepeats = 3;
constexpr double kSecondsPerRepeat = 0.12;
constexpr uint64_t kMostTrials = uint64_t{1} << 20;  // of one repeat
constexpr std::array kRates = {"0.0001", "0.001", "0.01", "0.1"};

/// int8 multiply-accumulates per clock of one multiprocessor's tensor units; 0 where it is not known.
int tensor_macs_per_clock(const cuda::Device& device) {
  if (device.major == 9) return 4096;
  if (device.major == 8 && device.minor == 0) return 2048;
  return 0;
}

struct Witness {
  std::vector<TrialOutcome> outcomes;
  double trials_per_second = 0;
};

/// Fresh trials for about kSecondsPerRepeat: no pattern is run twice.
class Meter {
 public:
  Meter(Session& session, TrialPlan plan) : session_(session), plan_(std::move(plan)) {
    plan_.end = kChecked;
    while (trials_ < kMostTrials) {
      double growth = 1.2 * kSecondsPerRepeat / seconds();
      if (growth < 1.5) break;
      trials_ =
          std::min(kMostTrials, static_cast<uint64_t>(static_cast<double>(trials_) * std::min(8.0, growth)));
    }
  }

  uint64_t trials() const { return trials_; }
  double median_rate() {
    std::array<double, kRepeats> rates;
    for (double& rate : rates) rate = static_cast<double>(trials_) / seconds();
    std::sort(rates.begin(), rates.end());
    return rates[kRepeats / 2];
  }

 private:
  double seconds() {
    plan_.begin = plan_.end;
    plan_.end = plan_.begin + trials_;
    Stopwatch watch;
    session_.run(plan_);
    return watch.seconds();
  }

  Session& session_;
  TrialPlan plan_;
  uint64_t trials_ = 256;
};

/// All cells of one network.
class Study {
 public:
  explicit Study(const Network& network)
      : network_(network), set_(samples(network, network.full_count)), device_(cuda::device(0)) {}

  /// False when an outcome differs from the CPU's.
  bool measure(uint64_t max_batch, bool with_loss, const Stopwatch& clock, double deadline,
               int64_t& left_out) {
    if (clock.seconds() > deadline) {
      left_out += static_cast<int64_t>(kRates.size());
      return true;
    }
    SessionOptions options;
    options.max_batch = max_batch;
    auto session = make_cuda_backend(0)->open(network_.model, set_, BitSpace(network_.model), options);
    bool is_right = true;
    for (const char* rate : kRates) {
      if (clock.seconds() > deadline) {
        ++left_out;
        continue;
      }
      is_right = cell(*session, rate, max_batch, with_loss) && is_right;
    }
    return is_right;
  }

 private:
  bool cell(Session& session, const char* rate, uint64_t max_batch, bool with_loss) {
    Row row("trials");
    row.add("network", network_.name).add("samples", set_.count).add("ber", std::string(rate));
    row.add("max_batch", max_batch).add("loss", with_loss ? 1 : 0).add("path", session.path());
    const Witness& expected = witness(rate);
    std::vector<TrialOutcome> found = session.run(plan_of(rate, kChecked, with_loss));
    for (size_t i = 0; i < kChecked; ++i) {
      TrialOutcome outcome = expected.outcomes[i];
      if (!with_loss) outcome.loss = kNoCount;
      if (outcome == found[i]) continue;
      row.add("equal", 0)
          .add("difference",
               "trial " + std::to_string(i) + ": cpu " + text_of(outcome) + "; cuda " + text_of(found[i]))
          .print();
      return false;
    }
    Meter meter(session, plan_of(rate, 0, with_loss));
    double per_second = meter.median_rate();
    auto macs = static_cast<double>(network_.model.num_macs() * set_.count);
    row.add("equal", 1).add("trials_per_second", per_second).add("trials_per_run", meter.trials());
    row.add("macs_per_trial", macs).add("gmacs", per_second * macs * 1e-9);
    double ceiling = 1e3 * tensor_macs_per_clock(device_) * device_.num_multiprocessors * device_.clock_khz;
    if (ceiling > 0) row.add("percent_of_ceiling", 100 * per_second * macs / ceiling);
    row.add("cpu_trials_per_second", expected.trials_per_second).print();
    return true;
  }

  /// The CPU's first trials with losses, and its rate on all cores, each rate once.
  const Witness& witness(const char* rate) {
    Witness& witness = witnesses_[rate];
    if (!witness.outcomes.empty()) return witness;
    if (cpu_ == nullptr) {
      cpu_ = make_cpu_backend()->open(network_.model, set_, BitSpace(network_.model), {});
      cpu_->run(plan_of(rate, kChecked, true));  // warms up
    }
    Stopwatch watch;
    witness.outcomes = cpu_->run(plan_of(rate, kChecked, true));
    witness.trials_per_second = kChecked / watch.seconds();
    return witness;
  }

  const Network& network_;
  EvaluationSet set_;
  cuda::Device device_;
  std::unique_ptr<Session> cpu_;
  std::map<std::string, Witness> witnesses_;
};

}  // namespace

bool run_trials(const Effort& effort) {
  struct Way {
    uint64_t max_batch;
    bool with_loss;
  };
  std::vector<Way> ways = {{8192, false}, {8192, true}, {1024, false}, {256, false}};
  if (effort.is_quick) ways.resize(2);
  Stopwatch clock;
  std::vector<Network> all = networks(effort.is_quick);
  std::map<std::string, Study> studies;
  bool is_right = true;
  int64_t left_out = 0;
  for (const Way& way : ways) {
    for (const Network& network : all) {
      Study& study = studies.try_emplace(network.name, network).first->second;
      try {
        is_right = study.measure(way.max_batch, way.with_loss, clock, effort.seconds, left_out) && is_right;
      } catch (const std::exception& error) {
        is_right = false;
        Row("trials")
            .add("network", network.name)
            .add("max_batch", way.max_batch)
            .add("equal", 0)
            .add("difference", std::string(error.what()))
            .print();
      }
    }
  }
  Row("trials_total").add("left_out", left_out).add("seconds", clock.seconds()).print();
  return is_right;
}

}  // namespace netsurf::bench
