#include "apps/command_rank.h"

#include <ostream>

#include "apps/compare.h"
#include "apps/model_data.h"
#include "apps/model_open.h"
#include "apps/pipeline.h"
#include "apps/ranking_data.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/rank/ranking_csv.h"

namespace netsurf {
namespace {

/// Whoever names data for methods that read none should hear it.
void say_what_waits_for_data(const Arguments& arguments, const Streams& streams) {
  std::vector<std::string> idle;
  for (const Option& option : data_options()) {
    if (arguments.has(option.name)) idle.push_back("--" + std::string(option.name));
  }
  if (arguments.has("rank_samples")) idle.emplace_back("--rank_samples");
  if (!idle.empty())
    streams.err << "note: none of these methods reads samples; without effect: " << join(idle, ", ") << "\n";
}

int rank_main(const Arguments& arguments, const Streams& streams) {
  bool compares_given = arguments.flag("compare") && arguments.has("ranking");
  std::vector<MethodRequest> methods = methods_of(arguments, compares_given ? "" : kDefaultRanker);
  if (!arguments.has("model"))
    throw InputError("--model is missing; give a model file, such as one that netsurf train made");
  if (arguments.has("output") && methods.size() > 1)
    throw InputError("--output names one file but --method asks for several rankings");
  std::filesystem::path model_file = arguments.text("model");
  ModelFile file{model_file, open_model(model_file, arguments, streams)};
  std::optional<CompareRequest> comparison = compare_request(arguments, file, streams);
  DataShelf shelf(datasets_dir_of(arguments));
  std::optional<EvaluationSet> data;
  if (need_data(methods)) {
    data = ranking_data(arguments, file.model, recipe_of(arguments, file.model), shelf, streams);
  } else if (!comparison) {
    say_what_waits_for_data(arguments, streams);
  }
  std::vector<RankingFile> rankings;
  for (const MethodRequest& method : methods) {
    RankingRequest request = ranking_request(arguments, method);
    std::filesystem::path path = arguments.has("output") ? std::filesystem::path(arguments.text("output"))
                                                         : ranking_path(file, request);
    RankingFile made = find_or_rank(file, request, data ? &*data : nullptr, path, streams);
    streams.out << made.path.string() << "\n";
    if (arguments.flag("csv")) {
      std::filesystem::path csv = path;
      csv.replace_extension(".csv");
      write_file(csv, ranking_to_csv(made.ranking, file.model, BitSpace(file.model, request.pruned)));
      streams.out << csv.string() << "\n";
    }
    if (comparison) rankings.push_back(std::move(made));
  }
  if (comparison) return compare(*comparison, file, std::move(rankings), arguments, shelf, streams);
  return 0;
}

}  // namespace

Command rank_command() {
  return {"rank",
          "rank every stored bit of a model by how much it matters",
          "",
          join_options(
              {{{"model", "FILE", "", "a model file (.onnx), or a network made by others", false, "m"}},
               ranking_options(),
               {{"csv", "", "", "also write the original's ranking.csv, one row per bit"},
                {"output", "FILE", "", "where to save the ranking (default: beside the model)"},
                {"seed", "N", "1", "seed of rankings that draw, and of the faults of --compare"},
                {"threads", "N", "0", "threads; 0: all cores. Rankings do not depend on it", false, "t"}},
               data_options(),
               compare_options(),
               import_options(true)}),
          {"netsurf rank --model netsurf-results/digits_mlp/q6_0_1/pruned_0/model.onnx",
           "netsurf rank --model model.onnx --method bitwise_msb curvature",
           "netsurf rank --model model.onnx --method all --order global",
           "netsurf rank --model model.onnx --datasets_dir data --method hessian --method_kws eigen_k_top=8",
           "netsurf rank --model model.onnx --method all --compare --oracle damage-test.npz --plot"},
          rank_main};
}

}  // namespace netsurf
