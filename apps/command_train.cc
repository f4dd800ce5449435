#include "apps/command_train.h"

#include <ostream>

#include "apps/pipeline.h"
#include "engine/base/error.h"
#include "models/benchmark_file.h"

namespace netsurf {
namespace {

int train_main(const Arguments& arguments, const Streams& streams) {
  Benchmark benchmark = find_benchmark(arguments.text("benchmark"));
  std::vector<UnitDecimal> prunes = prunes_of(arguments);
  if (arguments.has("output") && prunes.size() > 1)
    throw InputError("--output names one file but --prune asks for several models");
  for (const char* place : {"benchmarks_dir", "model_prefix"}) {
    if (arguments.has("output") && arguments.has(place)) {
      throw InputError(
          "--" + std::string(place) +
          " would have no effect with --output, which names the whole path; leave one of them out");
    }
  }
  TrainOptions options = train_options_of(arguments);
  DataShelf shelf(datasets_dir_of(arguments));
  for (const UnitDecimal& prune : prunes) {
    std::filesystem::path path = arguments.has("output") ? std::filesystem::path(arguments.text("output"))
                                                         : model_path(arguments, benchmark, prune);
    streams.out << train_model(benchmark, prune, options, path, shelf, streams).path.string() << "\n";
  }
  return 0;
}

}  // namespace

Command train_command() {
  return {"train",
          "train a benchmark's fixed-point network and save it",
          "",
          join_options({{{"benchmark", "NAME", "digits_mlp",
                          "a built-in benchmark, or the path of a benchmark file", false, "b"}},
                        place_options(),
                        training_options(),
                        {{"output", "FILE", "", "where to save the model (default: in --benchmarks_dir)"},
                         {"seed", "N", "1", "seed of weights, shuffling and dropout"},
                         {"threads", "N", "0", "threads; 0: all cores", false, "t"}}}),
          {"netsurf train --benchmark digits_mlp",
           "netsurf train --benchmark mnist_fnn --datasets_dir data --quantization 'q<6,0,1>' --prune 0 0.25 "
           "0.5"},
          train_main};
}

}  // namespace netsurf
