// NetSurf's side of scripts/bench-peers: opens a session once, then answers requests, one JSON object a line
// each way, so that the clock sees trials alone and the sides can take turns.
//
//   greeting                                   {"path", "compiler", "macs", "bits", "samples",
//   "clean_correct"}
//   {"flips": [bit ids]}                       one given trial: {"correct", "loss"}
//   {"ber": "0.001", "seconds": 1, "loss": false}
//                                              trials for that long: {"trials", "seconds", "cpu_seconds",
//                                              "flips", "correct"}, the last two summed over the trials
#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/peers/line_server.h"
#include "bench/peers/network_file.h"
#include "engine/backend/backend.h"

namespace netsurf::peers {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kBatch = 1000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class Server {
 public:
  explicit Server(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  Json answer(const Json& request) {
    return request.contains("flips") ? run_given(request.at("flips").get<std::vector<BitId>>())
                                     : run_for(request);
  }

 private:
  Json run_given(std::vector<BitId> flips) {
    std::sort(flips.begin(), flips.end());
    auto table = std::make_shared<FaultTable>();
    table->trials.push_back(std::move(flips));
    TrialPlan plan;
    plan.faults.model = FaultModel::list;
    plan.faults.table = std::move(table);
    plan.end = 1;
    TrialOutcome outcome = session_->run(plan).front();
    return {{"correct", outcome.correct}, {"loss", static_cast<double>(outcome.loss) * kLossUnit}};
  }

  Json run_for(const Json& request) {
    TrialPlan plan;
    plan.faults.bit_error_rate = UnitDecimal::parse(request.at("ber").get<std::string>(), "ber");
    plan.with_loss = request.at("loss").get<bool>();
    auto seconds = request.at("seconds").get<double>();
    uint64_t batch = batch_for(plan, seconds);
    uint64_t begin = next_trial_;
    int64_t flips = 0, correct = 0;
    double cpu_start = cpu_seconds();
    Clock::time_point start = Clock::now();
    do {
      for (const TrialOutcome& outcome : run(plan, batch)) {
        flips += outcome.flips;
        correct += outcome.correct;
      }
    } while (seconds_since(start) < seconds);
    return {{"seconds", seconds_since(start)},
            {"cpu_seconds", cpu_seconds() - cpu_start},
            {"trials", next_trial_ - begin},
            {"flips", flips},
            {"correct", correct}};
  }

  /// Fresh trials: no pattern is run twice.
  std::vector<TrialOutcome> run(TrialPlan& plan, uint64_t count) {
    plan.begin = next_trial_;
    plan.end = next_trial_ += count;
    return session_->run(plan);
  }

  /// Warms up, and finds a batch that takes about `seconds`, at most kBatch.
  uint64_t batch_for(TrialPlan& plan, double seconds) {
    uint64_t& batch = batches_[{plan.faults.bit_error_rate.text(), plan.with_loss}];
    if (batch != 0) return batch;
    for (batch = 1; batch < kBatch;) {
      Clock::time_point start = Clock::now();
      run(plan, batch);
      double growth = std::min(4.0, seconds / seconds_since(start));
      if (growth < 2) break;
      batch = std::min(kBatch, static_cast<uint64_t>(static_cast<double>(batch) * growth));
    }
    return batch;
  }

  std::unique_ptr<Session> session_;
  std::map<std::pair<std::string, bool>, uint64_t> batches_;
  uint64_t next_trial_ = 0;
};

void serve(int argc, char** argv) {
  cxxopts::Options options = side_options("netsurf_trials", "trials");
  auto add = options.add_options();
  add("path", "plain, dense, delta or auto", cxxopts::value<std::string>()->default_value("auto"));
  add("isa", "instruction set; empty: the best here", cxxopts::value<std::string>()->default_value(""));
  auto arguments = options.parse(argc, argv);

  Model model = read_network(arguments["network"].as<std::string>());
  EvaluationSet set =
      read_samples(model, arguments["inputs"].as<std::string>(), arguments["labels"].as<std::string>());
  SessionOptions session_options;
  session_options.num_threads = arguments["threads"].as<int>();
  session_options.max_batch = kBatch;
  session_options.path = parse_path(arguments["path"].as<std::string>());
  session_options.isa = arguments["isa"].as<std::string>();
  auto session = make_cpu_backend()->open(model, set, BitSpace(model), session_options);
  Json greeting = {{"path", session->path()},  {"compiler", "GCC " __VERSION__},
                   {"macs", model.num_macs()}, {"bits", session->bit_space().size()},
                   {"samples", set.count},     {"clean_correct", session->clean().correct}};
  Server server(std::move(session));
  serve_lines(greeting, [&](const Json& request) { return server.answer(request); });
}

}  // namespace
}  // namespace netsurf::peers

int main(int argc, char** argv) {
  return netsurf::peers::run_side("netsurf_trials", [&] { netsurf::peers::serve(argc, argv); });
}
