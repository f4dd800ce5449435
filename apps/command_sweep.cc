#include "apps/command_sweep.h"

#include <ostream>

#include "apps/model_open.h"
#include "apps/study_runner.h"
#include "apps/text_table.h"
#include "engine/base/error.h"

namespace netsurf {
namespace {

/// Each ranking goes to the model it was made for.
void share_out(const std::vector<std::string>& ranking_files, std::vector<RankedModel>& models) {
  for (const std::string& path : ranking_files) {
    Ranking ranking = load_ranking(path);
    bool used = false;
    for (RankedModel& model : models) {
      if (model.file.model.digest() != ranking.model_digest) continue;
      model.rankings.push_back({path, ranking});
      used = true;
    }
    if (!used) {
      throw InputError("ranking " + path + " was made for model " + short_digest(ranking.model_digest) +
                       ", which is none of the given models; rank this model with netsurf rank");
    }
  }
}

int sweep_main(const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("model")) throw InputError("--model is missing; give one or more model files");
  StudyRequest study = study_of(arguments);
  if (study.faults.table != nullptr && arguments.has("seed"))
    throw InputError("--seed would have no effect with --faults: nothing is drawn; leave it out");
  if (!arguments.has("ranking") && !arguments.has("protection_range")) {
    study.protections = {UnitDecimal::parse("0", "protection")};
    study.notices.push_back("no --ranking: nothing is protected, as with --protection_range 0");
  }
  std::vector<RankedModel> models;
  for (const std::string& path : arguments.list("model")) {
    ModelFile file{path, open_model(path, arguments, streams)};
    DataRecipe recipe = recipe_of(arguments, file.model);
    models.push_back({std::move(file), recipe, {}});
  }
  share_out(arguments.list("ranking"), models);
  for (const std::string& notice : study.notices) streams.err << "note: " << notice << "\n";
  StudyOutputs outputs;
  outputs.store = arguments.has("store") ? std::filesystem::path(arguments.text("store"))
                                         : models.front().file.path.parent_path() / store_name(study);
  outputs.command_line = arguments.command_line();
  outputs.plot = arguments.flag("plot");
  outputs.dry_run = arguments.flag("dry_run");
  DataShelf shelf(datasets_dir_of(arguments), halves_for(study.split));
  return run_study(models, study, shelf, outputs, streams);
}

}  // namespace

Command sweep_command() {
  return {
      "sweep",
      "flip bits of models at bit error rates and protections, and measure what is lost",
      "",
      join_options({{{"model", "FILE", "", "model files (.onnx), or networks made by others", true, "m"},
                     {"ranking", "FILE", "", "rankings of these models (.npz)", true, "r"},
                     {"store", "FILE", "", "results file (default: beside the first model)", false, "o"}},
                    data_options(),
                    fault_options(),
                    {pruned_option(),
                     {"seed", "N", "1", "seed of the faults"},
                     {"plot", "", "", "draw curves and heat maps"},
                     {"dry_run", "", "", "print the cells and counts, run nothing"}},
                    machine_options(),
                    import_options()}),
      {"netsurf sweep --model model.onnx --ranking rankings/bitwise_msb.npz --ber_range 1e-3 1e-2 "
       "--num_reps 1000",
       "netsurf sweep --model model.onnx --protection_range 0 --until_halfwidth 0.002 --plot",
       "netsurf sweep --model model.onnx --protection_range 0 --path delta --cache-memory 2G --audit 0.05",
       "netsurf sweep --model qkeras.h5 --input_format q8_0_0 --dataset mnist --input_scale 1/256 --store "
       "results.sqlite"},
      sweep_main};
}

}  // namespace netsurf
