#include "apps/command_oracle.h"

#include <ostream>

#include "apps/damage_table.h"
#include "apps/model_open.h"
#include "apps/study_runner.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/rank/damage.h"
#include "engine/store/sqlite_store.h"
#include "engine/sweep/single_flips.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

/// What was asked for besides the model: a study of one cell.
StudyRequest study_of_flips(const Arguments& arguments) {
  StudyRequest study;
  study.split = split_of(arguments);
  study.pruned = pruned_of(arguments);
  study.protections = {UnitDecimal()};
  study.faults.model = FaultModel::list;
  study.faults.seed = seed_of(arguments);
  if (arguments.has("seed") && !arguments.has("sample"))
    refuse_idle("seed", "without --sample: every bit is flipped, nothing is drawn");
  set_machine(arguments, study);
  return study;
}

void set_flips(const Arguments& arguments, const BitSpace& space, StudyRequest& study) {
  uint64_t count = space.size();
  if (arguments.has("sample"))
    count = static_cast<uint64_t>(arguments.integer("sample", 1, int64_t{1} << 32));
  std::vector<BitId> bits = sample_bits(space, count, study.faults.seed);
  study.faults.table = std::make_shared<const FaultTable>(single_flips(bits));
  study.stop_rule = StopRule::fixed(bits.size());
}

/// A slip of the hand must not turn a ranking or another's archive into damages.
void check_is_damage(const fs::path& path) {
  try {
    load_damage(path);
  } catch (const FormatError& error) {
    throw InputError("--output " + path.string() + " is there already and is no damage file (" +
                     error.what() + "); choose another name, or remove it first");
  }
}

/// Where the damages go: beside the model, under a name that says which they are.
fs::path output_of(const Arguments& arguments, const fs::path& model, const StudyRequest& study) {
  if (arguments.has("output")) {
    fs::path path = arguments.text("output");
    if (path.extension() != ".npz")
      throw InputError("--output " + path.string() +
                       " names the damage file, which is .npz; its trials go into a "
                       ".sqlite file beside it, and with --csv a table");
    std::error_code error;
    if (fs::exists(path, error)) check_is_damage(path);
    return path;
  }
  std::string name = "damage-" + study.split;
  if (study.pruned == BitSpace::Pruned::stored) name += "-stored";
  if (arguments.has("sample"))
    name += "-sample" + arguments.text("sample") + "-seed" + std::to_string(study.faults.seed);
  return model.parent_path() / (name + ".npz");
}

Damage read_damage(const fs::path& path, const Model& model, const FaultTable& flips) {
  std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  for (const ResultStore::StoredCell& cell : store->cells()) {
    if (cell.record.identity.model_digest == model.digest()) return damage_of(*store, cell, flips);
  }
  throw RunError(path.string() + " lost the model's cell while it was open; measure again");
}

int oracle_main(const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("model"))
    throw InputError("--model is missing; give a model file, such as one that netsurf train made");
  StudyRequest study = study_of_flips(arguments);
  fs::path model_file = arguments.text("model"), output = output_of(arguments, model_file, study);
  std::vector<RankedModel> models;
  models.push_back({{model_file, open_model(model_file, arguments, streams)}, {}, {}});
  const Model& model = models.front().file.model;
  models.front().recipe = recipe_of(arguments, model);
  BitSpace space(model, study.pruned);
  set_flips(arguments, space, study);

  StudyOutputs outputs;
  outputs.store = fs::path(output).replace_extension(".sqlite");
  outputs.command_line = arguments.command_line();
  outputs.tables = false;
  DataShelf shelf(datasets_dir_of(arguments), halves_for(study.split));
  int code = run_study(models, study, shelf, outputs, streams);
  if (code != 0) return code;

  Damage damage = read_damage(outputs.store, model, *study.faults.table);
  save_damage(damage, output);
  streams.out << damage_summary(damage, model, space) << "\ndamage   " << output.string() << "\ntrials   "
              << outputs.store.string() << "\n";
  if (arguments.flag("csv")) {
    fs::path csv = fs::path(output).replace_extension(".csv");
    write_file(csv, damage_csv(damage, model, space));
    streams.out << "csv      " << csv.string() << "\n";
  }
  return 0;
}

}  // namespace

Command oracle_command() {
  return {"oracle",
          "flip every stored bit of a model alone, and measure what each one does",
          "",
          join_options(
              {{{"model", "FILE", "", "a model file (.onnx), or a network made by others", false, "m"},
                {"output", "FILE", "",
                 "damage file, .npz (default: beside the model); trials go into a .sqlite file beside it",
                 false, "o"},
                {"sample", "N", "", "flip N bits drawn at random, not all"},
                {"seed", "N", "1", "seed of the sample"},
                {"csv", "", "", "also write a .csv file beside it, one row per bit"}},
               data_options(),
               {split_option(), pruned_option()},
               machine_options(),
               import_options(true)}),
          {"netsurf oracle --model netsurf-results/digits_mlp/q6_0_1/pruned_0/model.onnx",
           "netsurf oracle --model model.onnx --sample 10000 --seed 7 -o damage.npz --csv"},
          oracle_main};
}

}  // namespace netsurf
