#include "apps/command_replay.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <ostream>

#include "apps/model_data.h"
#include "apps/model_open.h"
#include "apps/option_groups.h"
#include "apps/pipeline.h"
#include "apps/text_table.h"
#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/faults/sampler.h"
#include "engine/rank/ranking.h"
#include "engine/store/sqlite_store.h"
#include "engine/sweep/single_flips.h"
#include "models/qonnx/onnx_import.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

/// Where an artifact may be: the given files, each with the name under which it is kept once another one took
/// its place; without any, all files with this extension below the folder of the results file, the kept ones
/// first.
std::vector<fs::path> candidates(const std::vector<std::string>& given, const fs::path& folder,
                                 std::string_view extension, const std::string& digest) {
  std::vector<fs::path> paths;
  for (const std::string& path : given) {
    paths.push_back(path);
    fs::path kept = kept_path(path, digest);
    if (fs::exists(kept)) paths.push_back(kept);
  }
  if (!paths.empty()) return paths;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    if (entry.is_regular_file() && entry.path().extension() == extension) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::string mark = "-" + short_digest(digest);
  std::stable_partition(paths.begin(), paths.end(),
                        [&](const fs::path& path) { return path.stem().string().ends_with(mark); });
  return paths;
}

/// What `load` makes of the first candidate with this digest. A stranger among the candidates that cannot be
/// read is passed over, a file that was named is not.
template <class Artifact>
Artifact find_artifact(const Arguments& arguments, const fs::path& folder, const char* option,
                       std::string_view extension, const std::string& digest,
                       const std::function<Artifact(const fs::path&)>& load,
                       std::string (*digest_of)(const Artifact&)) {
  std::vector<std::string> given = arguments.list(option);
  for (const fs::path& path : candidates(given, folder, extension, digest)) {
    try {
      Artifact artifact = load(path);
      if (digest_of(artifact) == digest) return artifact;
    } catch (const std::exception&) {
      if (!given.empty()) throw;
    }
  }
  throw InputError(
      "no " + std::string(option) + " with digest " + short_digest(digest) +
      (given.empty() ? " below " + folder.string() : " among the files of --" + std::string(option)) +
      "; name its file with --" + std::string(option));
}

Model find_model(const Arguments& arguments, const fs::path& folder, const CellIdentity& cell,
                 const Streams& streams) {
  return find_artifact<Model>(
      arguments, folder, "model", ".onnx", cell.model_digest,
      [&](const fs::path& path) {
        return arguments.has("model") ? open_model(path, arguments, streams) : load_model(path);
      },
      +[](const Model& model) { return model.digest(); });
}

Protection find_protection(const Arguments& arguments, const fs::path& folder, const CellRecord& record) {
  Protection protection;
  protection.fraction = record.identity.protection;
  if (record.num_protected == 0) return protection;
  Ranking ranking = find_artifact<Ranking>(
      arguments, folder, "ranking", ".npz", record.identity.ranking_digest,
      [](const fs::path& path) { return load_ranking(path); },
      +[](const Ranking& found) { return found.digest(); });
  protection.rank = ranking.ranks();
  return protection;
}

/// The flips of fault model list, which a results file knows by their digest only: read from a file, or,
/// where they are an oracle's, made again.
std::shared_ptr<const FaultTable> find_faults(const Arguments& arguments, const StudyIdentity& study,
                                              const CellRecord& record, const BitSpace& space) {
  if (study.fault_model != FaultModel::list) {
    if (arguments.has("faults")) {
      throw InputError("--faults is for results of given fault lists; these were drawn by fault model " +
                       std::string(name_of(study.fault_model)) + ", leave it out");
    }
    return nullptr;
  }
  std::string wanted = short_digest(study.fault_table_digest);
  if (!arguments.has("faults")) {
    if (auto table = find_single_flips(study, record, space))
      return std::make_shared<const FaultTable>(std::move(*table));
    throw InputError(
        "these results were made from given fault lists, of which the results file keeps the digest " +
        wanted + " only; give the file of the lists with --faults");
  }
  auto table = std::make_shared<const FaultTable>(read_fault_table(arguments.text("faults")));
  if (table->digest != study.fault_table_digest) {
    throw InputError("the fault lists of " + arguments.text("faults") + " have digest " +
                     short_digest(table->digest) + ", the results were made from lists with digest " +
                     wanted + "; give that file");
  }
  return table;
}

ResultStore::StoredCell find_cell(ResultStore& store, const std::string& id) {
  std::vector<std::string> known, matching;
  std::optional<ResultStore::StoredCell> found;
  for (const auto& cell : store.cells()) {
    std::string key = cell.record.identity.key(store.study());
    std::string name = key.substr(0, 16) + " (" + cell.record.name() + ")";
    if (key.starts_with(id)) {
      found = cell;
      matching.push_back(name);
    }
    known.push_back(name);
  }
  if (matching.size() == 1) return *found;
  if (matching.size() > 1) {
    throw InputError("--cell " + id + " is the beginning of " + std::to_string(matching.size()) +
                     " cells, such as " + matching[0] + " and " + matching[1] + "; give more of its digits");
  }
  throw InputError("no cell \"" + id + "\" in this results file; netsurf show FILE lists its " +
                   counted(known.size(), "cell") + (known.empty() ? "" : ", the first is " + known[0]));
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

int replay_main(const Arguments& arguments, const Streams& streams) {
  if (arguments.positional().size() != 1) throw InputError("netsurf replay wants one results file (.sqlite)");
  if (!arguments.has("cell") || !arguments.has("trial"))
    throw InputError("netsurf replay wants --cell ID and --trial N");
  SessionOptions options = session_of(arguments);
  DeviceChoice device = device_of(arguments);
  fs::path path = arguments.positional()[0];
  std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  const StudyIdentity& study = store->study();
  auto [cell_id, record] = find_cell(*store, arguments.text("cell"));
  auto trial = static_cast<uint64_t>(arguments.integer("trial", 0, INT64_MAX - 1));

  TrialPlan plan;
  fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  Model model = find_model(arguments, folder, record.identity, streams);
  BitSpace space(model, study.pruned == "stored" ? BitSpace::Pruned::stored : BitSpace::Pruned::absent);
  plan.faults.table = find_faults(arguments, study, record, space);
  DataShelf shelf(datasets_dir_of(arguments), halves_for(study.split));
  DataRecipe recipe = recipe_of(arguments, model);
  const Dataset& dataset = shelf.get(recipe);
  EvaluationSet set = encode(model, dataset.split(study.split), dataset.task);
  if (set.digest != study.data_digest) {
    throw InputError("the data here has digest " + short_digest(set.digest) +
                     ", the results were measured on " + short_digest(study.data_digest) +
                     "; point --datasets_dir at the same data");
  }
  plan.faults.model = study.fault_model;
  plan.faults.design = study.design;
  plan.faults.seed = study.seed;
  plan.faults.bit_error_rate = record.identity.bit_error_rate;
  plan.protection = find_protection(arguments, folder, record);
  plan.begin = trial;
  plan.end = trial + 1;
  plan.with_loss = study.with_loss;
  print_flips(model, space,
              FaultSampler(space, plan.faults, plan.protection).sample(trial, trial + 1).flips(trial),
              streams);

  std::unique_ptr<Session> session = device.backend(streams)->open(model, set, space, options);
  TrialOutcome outcome = session->run(plan)[0];
  streams.err << "backend " << session->path() << "\n";
  streams.out << "\ntrial " << trial << " of " << record.name() << ": " << text_of(outcome) << "\n";
  std::vector<TrialOutcome> stored = store->outcomes(cell_id, trial, trial + 1);
  if (stored.empty()) {
    streams.out << "the results file does not hold this trial\n";
  } else if (stored[0] == outcome) {
    streams.out << "the results file holds the same outcome\n";
  } else {
    throw RunError("the results file holds another outcome: " + text_of(stored[0]));
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
            {"faults", "FILE", "", "the fault lists of results that were made from given ones"},
            {"threads", "N", "0", "threads; 0: all cores", false, "t"}},
           session_options(),
           data_options(),
           import_options()}),
      {"netsurf replay results.sqlite --cell 3f2a9c01d4e5b677 --trial 8123471",
       "netsurf replay results.sqlite --cell 3f2a9c01d4e5b677 --trial 17 --path plain"},
      replay_main};
}

}  // namespace netsurf
