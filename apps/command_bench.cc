#include "apps/command_bench.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <ostream>

#include "apps/model_data.h"
#include "apps/model_open.h"
#include "apps/option_groups.h"
#include "apps/planner_bench.h"
#include "apps/stand_in.h"
#include "apps/text_table.h"
#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/benchmark_file.h"

namespace netsurf {
namespace {

constexpr int64_t kTrialsPerRun = 16;

/// Seconds of each of `repeats` runs of `plan`.
std::vector<double> time_runs(Session& session, const TrialPlan& plan, int64_t repeats) {
  std::vector<double> seconds;
  for (int64_t i = 0; i < repeats; ++i) {
    auto start = std::chrono::steady_clock::now();
    session.run(plan);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

/// A trial drawn in a batch and the same trial alone must count the same; a benchmark of wrong results is
/// worth nothing.
void check_agreement(Session& session, TrialPlan plan) {
  std::vector<TrialOutcome> together = session.run(plan);
  plan.begin = plan.end - 1;
  if (session.run(plan)[0] != together.back())
    throw RunError("trial " + std::to_string(plan.begin) + " differs alone and in a batch");
}

/// The processor's name; "unknown" where the system does not tell.
std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    size_t colon = line.find(':');
    if (line.starts_with("model name") && colon != std::string::npos)
      return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return "unknown";
}

EvaluationSet open_set(const Arguments& arguments, const Model& model) {
  DataShelf shelf(datasets_dir_of(arguments), halves_for(arguments.text("split")));
  const Dataset& dataset = shelf.get(recipe_of(arguments, model));
  return encode(model, dataset.split(arguments.text("split")), dataset.task);
}

/// Trials per second of one path at every rate.
int bench_rates(const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("model")) throw InputError("--model is missing; give a model file");
  for (const char* option : {"protection_range", "json"}) {
    if (arguments.has(option)) refuse_idle(option, "without --planner");
  }
  SessionOptions options = session_of(arguments);
  DeviceChoice device = device_of(arguments);
  Model model = open_model(arguments.text("model"), arguments, streams);
  EvaluationSet set = open_set(arguments, model);
  std::unique_ptr<Session> session = device.backend(streams)->open(model, set, BitSpace(model), options);
  int64_t trials = arguments.has("num_reps") ? arguments.integer("num_reps", 1, 1000000) : kTrialsPerRun;
  int64_t repeats = arguments.integer("repeats", 1, 1000);

  std::vector<UnitDecimal> rates = decimals_of(arguments, "ber_range", "bit error rate");

  streams.out << "model " << model.name() << " " << short_digest(model.digest()) << ", "
              << session->bit_space().size() << " bits, " << model.num_macs() << " MACs per sample, "
              << set.count << " samples, backend " << session->path() << "\n";
  TextTable table({"BER", "loss", "trials/s (median)", "fastest", "slowest", "GMAC/s", "ms per trial"});
  for (const UnitDecimal& rate : rates) {
    for (bool with_loss : {true, false}) {
      TrialPlan plan;
      plan.faults.seed = seed_of(arguments);
      plan.faults.bit_error_rate = rate;
      plan.end = static_cast<uint64_t>(trials);
      plan.with_loss = with_loss;
      check_agreement(*session, plan);
      std::vector<double> seconds = time_runs(*session, plan, repeats);
      auto count = static_cast<double>(trials);
      double median = seconds[seconds.size() / 2];
      double macs = static_cast<double>(model.num_macs()) * static_cast<double>(set.count) * count;
      table.add({plan.faults.bit_error_rate.text(), with_loss ? "yes" : "no",
                 number_text("%.4g", count / median), number_text("%.4g", count / seconds.front()),
                 number_text("%.4g", count / seconds.back()), number_text("%.3g", macs / median * 1e-9),
                 number_text("%.4g", median / count * 1e3)});
    }
  }
  streams.out << table.text();
  return 0;
}

PlannerRequest planner_request_of(const Arguments& arguments) {
  if (arguments.has("path")) refuse_idle("path", "with --planner, which measures all of them");
  if (!arguments.has("model")) {
    for (const auto& group : {data_options(), import_options()}) {
      for (const Option& option : group) {
        if (arguments.has(option.name))
          refuse_idle(option.name,
                      "with --planner and no --model: the built-in benchmarks run on made-up images");
      }
    }
    if (arguments.has("split")) refuse_idle("split", "with --planner and no --model");
  }
  PlannerRequest request;
  if (arguments.has("device")) refuse_idle("device", "with --planner, which measures the CPU's paths");
  request.session = session_of(arguments);
  if (!arguments.has("threads")) request.session.num_threads = 1;  // what predictions are for
  for (const char* rate : {"0.00001", "0.0001", "0.001", "0.01", "0.1"})
    request.bit_error_rates.push_back(UnitDecimal::parse(rate, "bit error rate"));
  if (arguments.has("ber_range"))
    request.bit_error_rates = decimals_of(arguments, "ber_range", "bit error rate");
  request.protections = decimals_of(arguments, "protection_range", "protection");
  if (arguments.has("num_reps"))
    request.trials = static_cast<uint64_t>(arguments.integer("num_reps", 1, 1000000));
  request.repeats = arguments.integer("repeats", 1, 1000);
  request.seed = seed_of(arguments);
  return request;
}

/// Trials per second of all paths at every protection and rate, beside what was predicted.
int bench_planner(const Arguments& arguments, const Streams& streams) {
  PlannerRequest request = planner_request_of(arguments);
  std::vector<PlannerPoint> points;
  auto measure = [&](const Model& model, const EvaluationSet& set) {
    streams.err << "model " << model.name() << " " << short_digest(model.digest()) << ", " << model.num_bits()
                << " bits, " << model.num_macs() << " MACs per sample, " << set.count << " samples\n";
    std::vector<PlannerPoint> some = measure_planner(model, set, request);
    points.insert(points.end(), some.begin(), some.end());
  };
  if (arguments.has("model")) {
    Model model = open_model(arguments.text("model"), arguments, streams);
    measure(model, open_set(arguments, model));
  } else {
    for (const std::string& name : benchmark_names()) {
      StandIn stand_in = make_stand_in(find_benchmark(name), request.seed);
      measure(stand_in.model, stand_in.set);
    }
  }
  streams.out << (arguments.flag("json") ? planner_json(points, request, processor_name())
                                         : planner_text(points));
  return 0;
}

int bench_main(const Arguments& arguments, const Streams& streams) {
  return arguments.flag("planner") ? bench_planner(arguments, streams) : bench_rates(arguments, streams);
}

}  // namespace

Command bench_command() {
  return {
      "bench",
      "measure trials per second of a model on this machine",
      "",
      join_options(
          {{{"model", "FILE", "", "a model file (.onnx), or a network made by others", false, "m"},
            {"ber_range", "R", "0.0001,0.001,0.01", "bit error rates; with --planner 0.00001 to 0.1", true},
            {"num_reps", "N", "", "trials per run (default: 16; with --planner a tenth of a second's worth)"},
            {"repeats", "N", "5", "runs; the median counts"},
            {"split", "NAME", "test", "samples to run on"},
            {"seed", "N", "1", "seed of the faults"},
            {"threads", "N", "0", "threads; 0: all cores. With --planner 1 unless given", false, "t"},
            {"planner", "", "",
             "measure all paths without loss, beside the predictions that choose between them; without "
             "--model on the built-in benchmarks, which takes some minutes"},
            {"protection_range", "P", "0,0.2", "with --planner: shares of ranking bitwise_msb made immune",
             true},
            {"json", "", "", "with --planner: print JSON in place of tables"}},
           session_options(),
           data_options(),
           import_options()}),
      {"netsurf bench --model model.onnx --datasets_dir data",
       "netsurf bench --model model.onnx --path delta --isa avx2 --threads 1 --ber_range 1e-5 1e-3",
       "netsurf bench --planner --json > planner.json"},
      bench_main};
}

}  // namespace netsurf
