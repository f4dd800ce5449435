#include "apps/command_replay.h"

#include <algorithm>
#include <ostream>

#include "apps/model_data.h"
#include "apps/option_groups.h"
#include "apps/text_table.h"
#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/faults/sampler.h"
#include "engine/rank/ranking.h"
#include "engine/store/sqlite_store.h"
#include "models/benchmark_file.h"
#include "models/onnx_import.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

/// Files with this extension: the given ones, or those below the folder of the results file.
std::vector<fs::path> candidates(const std::vector<std::string>& given, const fs::path& folder,
                                 std::string_view extension) {
  std::vector<fs::path> paths(given.begin(), given.end());
  if (!paths.empty()) return paths;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    if (entry.is_regular_file() && entry.path().extension() == extension) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Model find_model(const Arguments& arguments, const fs::path& folder, const CellIdentity& cell) {
  for (const fs::path& path : candidates(arguments.list("model"), folder, ".onnx")) {
    Model model = load_model(path);
    if (model.digest() == cell.model_digest) return model;
  }
  throw InputError("no model with digest " + cell.model_digest.substr(0, 12) + " below " + folder.string() +
                   "; name its file with --model");
}

Protection find_protection(const Arguments& arguments, const fs::path& folder, const CellRecord& record) {
  Protection protection;
  protection.fraction = record.identity.protection;
  if (record.num_protected == 0) return protection;
  for (const fs::path& path : candidates(arguments.list("ranking"), folder, ".npz")) {
    Ranking ranking = load_ranking(path);
    if (ranking.digest() != record.identity.ranking_digest) continue;
    protection.rank = ranking.ranks();
    return protection;
  }
  throw InputError("no ranking with digest " + record.identity.ranking_digest.substr(0, 12) + " below " +
                   folder.string() + "; name its file with --ranking");
}

ResultStore::StoredCell find_cell(ResultStore& store, const std::string& id) {
  std::vector<std::string> known;
  for (const auto& cell : store.cells()) {
    std::string key = cell.record.identity.key(store.study());
    if (key.starts_with(id)) return cell;
    known.push_back(key.substr(0, 16) + " (" + cell.record.name() + ")");
  }
  throw InputError("no cell \"" + id + "\" in this results file; netsurf show FILE lists all " +
                   std::to_string(known.size()) + (known.empty() ? "" : ", the first is " + known[0]));
}

void print_flips(const Model& model, const BitSpace& space, std::span<const BitId> flips,
                 const Streams& streams) {
  TextTable table({"bit id", "parameter", "element", "bit", "clean code", "clean value"});
  for (BitId id : flips) {
    BitAddress at = space.address(id);
    const Parameter& parameter = model.parameters()[static_cast<size_t>(at.parameter)];
    int32_t code = parameter.codes[static_cast<size_t>(at.element)];
    table.add({std::to_string(id), parameter.name, std::to_string(at.element), std::to_string(at.bit),
               std::to_string(code), number_text("%.8g", code * parameter.format.step())});
  }
  streams.out << table.text();
}

std::string outcome_text(const TrialOutcome& outcome) {
  auto count = [](int64_t number) {
    return number == kNoCount ? std::string("none") : std::to_string(number);
  };
  return "flips " + std::to_string(outcome.flips) + ", correct " + count(outcome.correct) + ", changed " +
         std::to_string(outcome.changed) + ", distance " + std::to_string(outcome.distance) + ", loss " +
         count(outcome.loss) + " x 2^-20";
}

int replay_main(const Arguments& arguments, const Streams& streams) {
  if (arguments.positional().size() != 1) throw InputError("netsurf replay wants one results file (.sqlite)");
  if (!arguments.has("cell") || !arguments.has("trial"))
    throw InputError("netsurf replay wants --cell ID and --trial N");
  fs::path path = arguments.positional()[0];
  std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  const StudyIdentity& study = store->study();
  auto [cell_id, record] = find_cell(*store, arguments.text("cell"));
  auto trial = static_cast<uint64_t>(arguments.integer("trial", 0, INT64_MAX - 1));

  fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  Model model = find_model(arguments, folder, record.identity);
  if (study.fault_model == FaultModel::list)
    throw InputError("trials of given fault lists need no replay: the lists are the flips");
  DataShelf shelf(datasets_dir_of(arguments));
  DataRecipe recipe =
      arguments.has("benchmark") ? recipe_of(find_benchmark(arguments.text("benchmark"))) : recipe_of(model);
  const Dataset& dataset = shelf.get(recipe);
  EvaluationSet set = encode(model, dataset.split(study.split), dataset.task);
  if (set.digest != study.data_digest) {
    throw InputError("the data here has digest " + set.digest.substr(0, 12) +
                     ", the results were measured on " + study.data_digest.substr(0, 12) +
                     "; point --datasets_dir at the same data");
  }
  TrialPlan plan;
  plan.faults.model = study.fault_model;
  plan.faults.design = study.design;
  plan.faults.seed = study.seed;
  plan.faults.bit_error_rate = record.identity.bit_error_rate;
  plan.protection = find_protection(arguments, folder, record);
  plan.begin = trial;
  plan.end = trial + 1;
  plan.with_loss = study.with_loss;
  BitSpace space(model, study.pruned == "stored" ? BitSpace::Pruned::stored : BitSpace::Pruned::absent);
  print_flips(model, space,
              FaultSampler(space, plan.faults, plan.protection).sample(trial, trial + 1).flips(trial),
              streams);

  auto threads = static_cast<int>(arguments.integer("threads", 0, 1024));
  TrialOutcome outcome = make_cpu_backend()->open(model, set, space, {threads, 1})->run(plan)[0];
  streams.out << "\ntrial " << trial << " of " << record.name() << ": " << outcome_text(outcome) << "\n";
  std::vector<TrialOutcome> stored = store->outcomes(cell_id, trial, trial + 1);
  if (stored.empty()) {
    streams.out << "the results file does not hold this trial\n";
  } else if (stored[0] == outcome) {
    streams.out << "the results file holds the same outcome\n";
  } else {
    throw RunError("the results file holds another outcome: " + outcome_text(stored[0]));
  }
  return 0;
}

}  // namespace

Command replay_command() {
  return {
      "replay",
      "draw and run one trial again: its flips and its outcome",
      "RESULTS",
      join_options(
          {{{"cell", "ID", "", "the cell, as netsurf show lists it"},
            {"trial", "N", "", "number of the trial, stored or not"},
            {"model", "FILE", "", "where to look for the model (default: below the results file)", true},
            {"ranking", "FILE", "", "where to look for the ranking (default: below the results file)", true},
            {"benchmark", "NAME", "", "the benchmark whose data to use (default: what the model notes)",
             false, "b"},
            {"datasets_dir", "DIR", "datasets", "where data sets are"},
            {"threads", "N", "0", "threads; 0: all cores", false, "t"}}}),
      {"netsurf replay results.sqlite --cell 3f2a9c01d4e5b677 --trial 8123471"},
      replay_main};
}

}  // namespace netsurf
