#include "apps/planner_bench.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/rank/ranker.h"

namespace netsurf {
namespace {

constexpr size_t kNumPaths = kAllPaths.size();
constexpr uint64_t kTrialsCompared = 4;
constexpr uint64_t kMaxTrials = 4096;
constexpr double kSecondsPerRun = 0.1;
constexpr uint64_t kTrialsPerEstimate = 8;
constexpr double kFlipsEstimated = 200;  // enough for their number to average out
constexpr double kMinEstimates = 2, kMaxEstimates = 8;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

class PlannerMeter {
 public:
  PlannerMeter(const Model& model, const EvaluationSet& set, const PlannerRequest& request)
      : model_(model),
        request_(request),
        num_threads_(request.session.num_threads > 0
                         ? request.session.num_threads
                         : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))) {
    SessionOptions options = request.session;
    for (size_t i = 0; i < kNumPaths; ++i) {
      options.path = kAllPaths[i];
      sessions_[i] = make_cpu_backend()->open(model, set, BitSpace(model), options);
    }
  }

  std::vector<PlannerPoint> run() {
    std::vector<PlannerPoint> points;
    for (const UnitDecimal& fraction : request_.protections) {
      for (const UnitDecimal& rate : request_.bit_error_rates) points.push_back(measure(fraction, rate));
    }
    return points;
  }

 private:
  PlannerPoint measure(const UnitDecimal& fraction, const UnitDecimal& rate) {
    TrialPlan plan;
    plan.faults.seed = request_.seed;
    plan.faults.bit_error_rate = rate;
    plan.protection.fraction = fraction;
    if (!fraction.is_zero()) plan.protection.rank = ranks();
    plan.with_loss = false;
    check_agreement(plan);

    PlannerPoint point;
    point.model = model_.name();
    point.backend = sessions_[static_cast<size_t>(Path::automatic)]->path();
    point.samples = sessions_[0]->num_samples();
    point.protection = fraction;
    point.bit_error_rate = rate;
    uint64_t bits = sessions_[0]->bit_space().size();
    point.flips = static_cast<double>(bits - plan.protection.num_protected(bits)) * rate.value();
    for (size_t i = 0; i < kNumPaths; ++i) point.times[i].trials = trials_per_run(plan, *sessions_[i]);
    std::array<std::vector<double>, kNumPaths> seconds;
    for (size_t run = 0; run < static_cast<size_t>(request_.repeats) * kNumPaths; ++run) {
      size_t i = (run + run / kNumPaths) % kNumPaths;  // each round begins with another path
      seconds[i].push_back(seconds_per_trial(plan, *sessions_[i], point.times[i].trials));
    }
    for (size_t i = 0; i < kNumPaths; ++i) point.times[i].measured = median(seconds[i]);
    predict(plan, point);
    return point;
  }

  std::shared_ptr<const std::vector<uint32_t>> ranks() {
    if (ranks_ == nullptr) ranks_ = rank("bitwise_msb", {model_, sessions_[0]->bit_space()}).ranks();
    return ranks_;
  }

  /// A time of wrong results is worth nothing.
  void check_agreement(TrialPlan plan) {
    plan.end = kTrialsCompared;
    std::vector<TrialOutcome> expected = sessions_[0]->run(plan);
    for (const auto& session : sessions_) {
      if (session->run(plan) != expected)
        throw RunError("path " + session->path() + " has other outcomes than " + sessions_[0]->path());
    }
  }

  /// Of the processor where one thread works: waiting for a busy machine is not its time.
  double now() const {
    if (num_threads_ > 1)
      return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }

  double seconds_per_trial(TrialPlan plan, Session& session, uint64_t trials) {
    plan.end = trials;
    double start = now();
    session.run(plan);
    return (now() - start) / static_cast<double>(trials);
  }

  uint64_t trials_per_run(const TrialPlan& plan, Session& session) {
    if (request_.trials > 0) return request_.trials;
    for (uint64_t trials = 1;;) {
      double seconds = seconds_per_trial(plan, session, trials) * static_cast<double>(trials);
      double growth = std::min(8.0, kSecondsPerRun / std::max(seconds, 1e-9));
      if (growth < 1.5 || trials == kMaxTrials) return trials;
      trials = std::min(kMaxTrials, static_cast<uint64_t>(static_cast<double>(trials) * growth));
    }
  }

  void predict(TrialPlan plan, PlannerPoint& point) {
    double wanted = kFlipsEstimated / (kTrialsPerEstimate * std::max(point.flips, 1e-9));
    auto count = static_cast<uint64_t>(std::clamp(wanted, kMinEstimates, kMaxEstimates));
    Session& session = *sessions_[static_cast<size_t>(Path::automatic)];
    for (uint64_t i = 0; i < count; ++i) {
      plan.begin = i * kTrialsPerEstimate;
      plan.end = plan.begin + kTrialsPerEstimate;
      for (const PathEstimate& estimate : session.estimate(plan)) {
        point.times[static_cast<size_t>(estimate.path)].predicted +=
            estimate.seconds_per_trial / static_cast<double>(count) / num_threads_;
      }
    }
  }

  const Model& model_;
  const PlannerRequest& request_;
  int num_threads_;
  std::array<std::unique_ptr<Session>, kNumPaths> sessions_;
  std::shared_ptr<const std::vector<uint32_t>> ranks_;
};

const PlannerPoint& worst_of(std::span<const PlannerPoint> points) {
  return *std::min_element(points.begin(), points.end(),
                           [](const PlannerPoint& a, const PlannerPoint& b) { return a.gain() < b.gain(); });
}

}  // namespace

Path PlannerPoint::best_fixed() const {
  return *std::min_element(kAllPaths.begin(), kAllPaths.end() - 1,
                           [this](Path a, Path b) { return of(a).measured < of(b).measured; });
}

double PlannerPoint::gain() const { return of(best_fixed()).measured / of(Path::automatic).measured; }

std::vector<PlannerPoint> measure_planner(const Model& model, const EvaluationSet& set,
                                          const PlannerRequest& request) {
  return PlannerMeter(model, set, request).run();
}

std::string planner_text(std::span<const PlannerPoint> points) {
  std::vector<std::string> header = {"model", "protection", "BER", "flips"};
  for (Path path : kAllPaths) header.push_back(std::string(name_of(path)) + "/s");
  for (Path path : kAllPaths) header.push_back(std::string(name_of(path)) + " p/m");
  header.insert(header.end(), {"best fixed", "auto/best"});
  TextTable table(header);
  for (const PlannerPoint& point : points) {
    std::vector<std::string> row = {point.model, point.protection.text(), point.bit_error_rate.text(),
                                    number_text("%.4g", point.flips)};
    for (Path path : kAllPaths) row.push_back(number_text("%.4g", 1 / point.of(path).measured));
    for (Path path : kAllPaths) row.push_back(number_text("%.2f", point.of(path).ratio()));
    row.emplace_back(name_of(point.best_fixed()));
    row.push_back(number_text("%.2f", point.gain()));
    table.add(row);
  }
  std::string text =
      "trials/s of every path; p/m: predicted over measured seconds of a trial; auto/best: trials/s of "
      "auto over those of the best fixed path\n" +
      table.text() + "\n";
  const PlannerPoint& worst = worst_of(points);
  text += "auto/best: worst " + number_text("%.2f", worst.gain()) + " (" + worst.model + ", protection " +
          worst.protection.text() + ", BER " + worst.bit_error_rate.text() + "), goal at least " +
          number_text("%.2f", kPlannerGoal) + "\n";
  for (Path path : kAllPaths) {
    std::vector<double> ratios;
    for (const PlannerPoint& point : points) ratios.push_back(point.of(path).ratio());
    auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    text += "predicted/measured of " + std::string(name_of(path)) + ": " + number_text("%.2f", *least) +
            " to " + number_text("%.2f", *most) + ", median " + number_text("%.2f", median(ratios)) + "\n";
  }
  return text;
}

std::string planner_json(std::span<const PlannerPoint> points, const PlannerRequest& request,
                         const std::string& machine) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const PlannerPoint& point : points) {
    nlohmann::ordered_json row = {{"model", point.model},
                                  {"backend", point.backend},
                                  {"samples", point.samples},
                                  {"protection", point.protection.text()},
                                  {"bit_error_rate", point.bit_error_rate.text()},
                                  {"flips", point.flips}};
    for (Path path : kAllPaths) {
      const PlannerTimes& times = point.of(path);
      row[std::string(name_of(path))] = {{"trials_per_second", 1 / times.measured},
                                         {"predicted_trials_per_second", 1 / times.predicted},
                                         {"trials_per_run", times.trials}};
    }
    row["best_fixed"] = name_of(point.best_fixed());
    row["auto_over_best"] = point.gain();
    rows.push_back(row);
  }
  nlohmann::ordered_json all = {
      {"machine", machine},   {"threads", request.session.num_threads},          {"repeats", request.repeats},
      {"seed", request.seed}, {"worst_auto_over_best", worst_of(points).gain()}, {"goal", kPlannerGoal},
      {"points", rows}};
  return all.dump(2) + "\n";
}

}  // namespace netsurf
