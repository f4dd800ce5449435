#include "apps/command_run.h"

#include <algorithm>
#include <ostream>

#include "apps/ranking_data.h"
#include "apps/study_runner.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/benchmark_file.h"

namespace netsurf {
namespace {

/// Flags of the original that ask for nothing here, and why; accepted so that its command lines run as they
/// stand.
struct IdleFlag {
  std::string_view name;
  std::string_view why;
};
constexpr IdleFlag kIdleFlags[] = {
    {"show_plots", "plots are written as files; use --plot"},
    {"save_weights_checkpoint", "the best epoch is always kept"},
    {"no_save_benchmark", "there is no benchmark object to save"},
    {"no_save_experiment", "results are always kept; choose the folder with --benchmarks_dir"},
};

std::vector<Option> idle_options() {
  std::vector<Option> options;
  for (const IdleFlag& flag : kIdleFlags) options.push_back({flag.name, "", "", "accepted, does nothing"});
  return options;
}

/// Without a method only models are trained, as in the original: whoever asked for more should hear it.
void say_what_waits_for_a_method(const Arguments& arguments, const Streams& streams) {
  std::vector<std::string> idle;
  for (const auto& group : {fault_options(), ranking_options(), session_options()}) {
    for (const Option& option : group) {
      if (arguments.has(option.name)) idle.push_back("--" + std::string(option.name));
    }
  }
  for (const char* option : {"audit", "plot", "dry_run"}) {
    if (arguments.flag(option)) idle.push_back(std::string("--") + option);
  }
  if (idle.empty()) return;
  streams.err << "note: without --method nothing is ranked or swept; without effect: " << join(idle, ", ")
              << "\n";
}

int run_main(const Arguments& arguments, const Streams& streams) {
  if (arguments.flag("gui"))
    throw InputError("the GUI is not built yet; leave --gui out to run in the terminal");
  for (const IdleFlag& flag : kIdleFlags) {
    if (arguments.flag(flag.name))
      streams.err << "note: --" << flag.name << " does nothing: " << flag.why << "\n";
  }
  // Everything asked for is checked before the first minute of training.
  std::vector<std::string> names = arguments.list("benchmark");
  std::vector<Benchmark> benchmarks;
  for (const std::string& name : names) {
    if (std::count(names.begin(), names.end(), name) > 1)
      throw InputError("--benchmark names " + name + " twice; name it once");
    benchmarks.push_back(find_benchmark(name));
  }
  std::vector<MethodRequest> methods = methods_of(arguments);
  std::vector<UnitDecimal> prunes = prunes_of(arguments);
  StudyRequest study = study_of(arguments);
  TrainOptions train_options = train_options_of(arguments);
  DataShelf shelf(datasets_dir_of(arguments));
  if (methods.empty()) say_what_waits_for_a_method(arguments, streams);
  for (const std::string& notice : study.notices) streams.err << "note: " << notice << "\n";
  std::vector<std::optional<ModelFile>> found;
  for (const Benchmark& benchmark : benchmarks) {
    for (const UnitDecimal& prune : prunes) {
      found.push_back(
          find_trained(arguments, benchmark, prune, model_path(arguments, benchmark, prune), streams));
    }
  }

  auto next = found.begin();
  for (const Benchmark& benchmark : benchmarks) {
    std::vector<RankedModel> models;
    for (const UnitDecimal& prune : prunes) {
      std::optional<ModelFile> file = std::move(*next++);
      if (!file) {
        file = train_model(benchmark, prune, train_options, model_path(arguments, benchmark, prune), shelf,
                           streams);
      }
      RankedModel ranked{std::move(*file), recipe_of(benchmark), {}};
      std::optional<EvaluationSet> data;
      if (need_data(methods))
        data = ranking_data(arguments, ranked.file.model, ranked.recipe, shelf, streams);
      for (const MethodRequest& method : methods) {
        RankingRequest request = ranking_request(arguments, method);
        ranked.rankings.push_back(find_or_rank(ranked.file, request, data ? &*data : nullptr,
                                               ranking_path(ranked.file, request), streams));
      }
      streams.out << "model    " << ranked.file.path.string() << "\n";
      for (const RankingFile& ranking : ranked.rankings)
        streams.out << "ranking  " << ranking.path.string() << "\n";
      models.push_back(std::move(ranked));
    }
    if (methods.empty()) continue;
    StudyOutputs outputs{scheme_dir(arguments, benchmark) / store_name(study), arguments.command_line(),
                         arguments.flag("plot"), arguments.flag("dry_run")};
    int code = run_study(models, study, shelf, outputs, streams);
    if (code != 0) return code;
  }
  return 0;
}

}  // namespace

Command run_command() {
  return {
      "run",
      "train where needed, rank, sweep, store and plot: the whole way in one command",
      "",
      join_options({{{"benchmark", "NAME", "digits_mlp", "built-in benchmarks, or paths of benchmark files",
                      true, "b benchmarks"}},
                    place_options(),
                    training_options(),
                    ranking_options(),
                    fault_options(),
                    {{"seed", "N", "1", "seed of training, rankings and faults"},
                     {"plot", "", "", "draw curves and heat maps"},
                     {"dry_run", "", "",
                      "after training and ranking, print the cells and counts instead of running them"},
                     {"gui", "", "", "not built yet"}},
                    machine_options(),
                    idle_options()}),
      {"netsurf run --benchmark digits_mlp --method bitwise_msb --plot",
       "netsurf run --datasets_dir data --benchmark mnist_hls4ml --bits_config num_bits=6 integer=0 --prune "
       "0.0 0.125 0.25 "
       "--protection_range 0.0 0.2 0.4 --ber_range 0.001 0.01 0.1 --method bitwise_msb --num_reps 10 --plot",
       "netsurf run --benchmark digits_mlp --method all --threads 2 --audit 0.01",
       "netsurf run --benchmark mnist_fnn --datasets_dir data          (no --method: trains only)"},
      run_main};
}

}  // namespace netsurf
