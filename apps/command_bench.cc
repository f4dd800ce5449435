#include "apps/command_bench.h"

#include <algorithm>
#include <chrono>
#include <ostream>

#include "apps/model_data.h"
#include "apps/model_open.h"
#include "apps/option_groups.h"
#include "apps/text_table.h"
#include "engine/backend/backend.h"
#include "engine/base/error.h"

namespace netsurf {
namespace {

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

int bench_main(const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("model")) throw InputError("--model is missing; give a model file");
  Model model = open_model(arguments.text("model"), arguments, streams);
  DataShelf shelf(datasets_dir_of(arguments), halves_for(arguments.text("split")));
  const Dataset& dataset = shelf.get(recipe_of(arguments, model));
  EvaluationSet set = encode(model, dataset.split(arguments.text("split")), dataset.task);
  SessionOptions options;
  options.num_threads = static_cast<int>(arguments.integer("threads", 0, 1024));
  std::unique_ptr<Session> session = make_cpu_backend()->open(model, set, BitSpace(model), options);
  int64_t trials = arguments.integer("num_reps", 1, 1000000), repeats = arguments.integer("repeats", 1, 1000);

  std::vector<UnitDecimal> rates = decimals_of(arguments, "ber_range", "bit error rate");

  streams.out << "model " << model.name() << " " << model.digest().substr(0, 12) << ", "
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

}  // namespace

Command bench_command() {
  return {
      "bench",
      "measure trials per second of a model on this machine",
      "",
      join_options({{{"model", "FILE", "", "a model file (.onnx), or a network made by others", false, "m"},
                     {"ber_range", "R", "0.0001,0.001,0.01", "bit error rates", true},
                     {"num_reps", "N", "16", "trials per run"},
                     {"repeats", "N", "5", "runs; the median counts"},
                     {"split", "NAME", "test", "samples to run on"},
                     {"seed", "N", "1", "seed of the faults"},
                     {"threads", "N", "0", "threads; 0: all cores", false, "t"}},
                    data_options(),
                    import_options()}),
      {"netsurf bench --model model.onnx --datasets_dir data"},
      bench_main};
}

}  // namespace netsurf
