#include "apps/command_rank.h"

#include <ostream>

#include "apps/model_open.h"
#include "apps/pipeline.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/rank/ranking_csv.h"

namespace netsurf {
namespace {

int rank_main(const Arguments& arguments, const Streams& streams) {
  std::vector<MethodRequest> methods = methods_of(arguments);
  if (methods.empty())
    throw InputError("--method is missing; name a ranker, or all (see: netsurf rank --help)");
  if (!arguments.has("model"))
    throw InputError("--model is missing; give a model file, such as one that netsurf train made");
  if (arguments.has("output") && methods.size() > 1)
    throw InputError("--output names one file but --method asks for several rankings");
  BitSpace::Pruned pruned = pruned_of(arguments);
  std::filesystem::path model_file = arguments.text("model");
  ModelFile file{model_file, open_model(model_file, arguments, streams)};
  for (const MethodRequest& method : methods) {
    std::filesystem::path path = arguments.has("output")
                                     ? std::filesystem::path(arguments.text("output"))
                                     : ranking_path(file, method, pruned, seed_of(arguments));
    bool again = arguments.flag("overwrite_ranking");
    RankingFile made = find_or_rank(file, method, pruned, seed_of(arguments), again, path, streams);
    streams.out << made.path.string() << "\n";
    if (arguments.flag("csv")) {
      std::filesystem::path csv = path;
      csv.replace_extension(".csv");
      write_file(csv, ranking_to_csv(made.ranking, file.model, BitSpace(file.model, pruned)));
      streams.out << csv.string() << "\n";
    }
  }
  return 0;
}

}  // namespace

Command rank_command() {
  return {
      "rank",
      "rank every stored bit of a model by how much it matters",
      "",
      join_options({{{"model", "FILE", "", "a model file (.onnx), or a network made by others", false, "m"}},
                    ranking_options(),
                    {{"csv", "", "", "also write the original's ranking.csv, one row per bit"},
                     {"output", "FILE", "", "where to save the ranking (default: beside the model)"},
                     {"seed", "N", "1", "seed of the random ranking"}},
                    import_options(true)}),
      {"netsurf rank --model netsurf-results/digits_mlp/q6_0_1/pruned_0/model.onnx --method bitwise_msb",
       "netsurf rank --model model.onnx --method all --order global"},
      rank_main};
}

}  // namespace netsurf
