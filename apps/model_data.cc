#include "apps/model_data.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "apps/option_groups.h"
#include "apps/ratio.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/benchmark_file.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kJoin = " + ";
constexpr std::array kFileExtensions = {".npy", ".npz", ".csv", ".dat", ".txt", ".gz"};
constexpr double kMostScale = 1e30;

std::vector<std::string> words_of(const std::string& dataset) {
  std::vector<std::string> words;
  size_t at = 0;
  for (size_t end; (end = dataset.find(kJoin, at)) != std::string::npos; at = end + kJoin.size())
    words.push_back(dataset.substr(at, end - at));
  words.push_back(dataset.substr(at));
  return words;
}

bool is_file_name(const std::string& word) {
  return std::find(kFileExtensions.begin(), kFileExtensions.end(), fs::path(word).extension().string()) !=
         kFileExtensions.end();
}

Task parse_task(const std::string& word) {
  static const std::vector<std::string> kTasks(kTaskNames.begin(), kTaskNames.end());
  auto found = std::find(kTasks.begin(), kTasks.end(), word);
  if (found == kTasks.end()) throw InputError(unknown_word_message("--task", word, kTasks));
  return static_cast<Task>(found - kTasks.begin());
}

/// The flags besides --dataset.
void apply_flags(const Arguments& arguments, DataRecipe& recipe) {
  if (arguments.has("input_scale"))
    recipe.scale = ratio_of(arguments, "input_scale", -kMostScale, kMostScale);
  if (recipe.scale == 0)
    throw InputError("--input_scale 0 would make all samples alike; expected another number");
  if (arguments.has("input_offset"))
    recipe.offset = ratio_of(arguments, "input_offset", -kMostScale, kMostScale);
  if (arguments.has("task")) recipe.task = parse_task(arguments.text("task"));
  if (arguments.flag("channels_first")) recipe.channels_first = true;
}

std::string exact_text(double number) {
  std::array<char, 32> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return std::string(buffer.data(), end);
}

Dataset load(const DataRecipe& recipe, const fs::path& datasets_dir, Halves halves) {
  std::vector<std::string> words = words_of(recipe.dataset);
  if (is_file_name(words[0]))
    return load_dataset_files(std::vector<fs::path>(words.begin(), words.end()),
                              recipe.task == Task::classification || recipe.task == Task::regression);
  if (words.size() > 1) {
    throw InputError("--dataset " + join(words, " ") +
                     ": expected one name or folder, or one or two files (.npy, .npz, .csv, .dat, .txt)");
  }
  fs::path folder = words[0];
  if (!folder.has_parent_path()) return load_dataset(words[0], datasets_dir, halves);
  if (!folder.has_filename()) folder = folder.parent_path();  // a trailing slash
  return load_dataset(folder.filename().string(), folder.parent_path(), halves);
}

/// Answers of the wrong kind would be refused later, without saying what to do.
void check_task(const Dataset& dataset, const DataRecipe& recipe) {
  auto fail = [&](const std::string& found, const std::string& remedy) {
    throw InputError("data set " + dataset.name + " has " + found + ", which do for no " +
                     std::string(kTaskNames[static_cast<size_t>(recipe.task)]) + "; " + remedy);
  };
  if (recipe.task != Task::classification && recipe.task != Task::regression) return;
  if (dataset.task == recipe.task) return;
  if (dataset.task == Task::comparison)
    fail("inputs alone", "count what changes from the clean outputs with --task comparison");
  if (dataset.task == Task::classification) fail("class labels", "give --task classification");
  fail("real-valued targets", "give --task regression");
}

}  // namespace

std::vector<Option> recipe_options() {
  return {
      {"dataset", "NAME", "", "the data: a set's name or folder, or files: inputs, or inputs and answers",
       true},
      {"input_scale", "R", "", "what the network sees is raw value x scale + offset: 1/255 (default: 1)"},
      {"input_offset", "R", "", "see --input_scale (default: 0)"},
      {"task", "NAME", "",
       "classification, regression, reconstruction, or comparison: no answers, only what changes from clean"},
      {"channels_first", "", "", "images are stored [channels, height, width]"},
  };
}

std::vector<Option> data_options() {
  return join_options({{{"benchmark", "NAME", "",
                         "the benchmark whose data to use (default: what the model notes)", false, "b"},
                        {"datasets_dir", "DIR", "datasets", "where data sets are"}},
                       recipe_options()});
}

DataRecipe recipe_of(const Benchmark& benchmark) {
  return {benchmark.dataset, benchmark.input_scale, benchmark.input_offset, benchmark.task};
}

DataRecipe recipe_of(const Model& model) {
  auto note = [&](const std::string& key) {
    auto found = model.notes().find(key);
    if (found == model.notes().end()) {
      throw InputError("model \"" + model.name() + "\" does not say which data set it reads (no note \"" +
                       key +
                       "\"); name its data with --dataset, or the benchmark it belongs to with --benchmark");
    }
    return found->second;
  };
  DataRecipe recipe;
  recipe.dataset = note("dataset");
  recipe.scale = parse_real(note("input_scale"), "note input_scale", -kMostScale, kMostScale);
  recipe.offset = parse_real(note("input_offset"), "note input_offset", -kMostScale, kMostScale);
  std::string task = note("task");
  auto found = std::find(kTaskNames.begin(), kTaskNames.end(), task);
  if (found == kTaskNames.end())
    throw InputError("model \"" + model.name() + "\" has unknown task \"" + task + "\"");
  recipe.task = static_cast<Task>(found - kTaskNames.begin());
  recipe.channels_first = model.notes().contains("channels_first");
  return recipe;
}

DataRecipe recipe_of(const Arguments& arguments) {
  DataRecipe recipe;
  std::vector<std::string> words = arguments.list("dataset");
  recipe.dataset = join(words, kJoin);
  if (words.size() == 1 && fs::path(words[0]).extension() == ".npy") recipe.task = Task::comparison;
  apply_flags(arguments, recipe);
  return recipe;
}

DataRecipe recipe_of(const Arguments& arguments, const Model& model) {
  if (arguments.has("benchmark") && arguments.has("dataset"))
    throw InputError("--benchmark and --dataset both name the data; give one of them");
  if (arguments.has("dataset")) return recipe_of(arguments);
  DataRecipe recipe =
      arguments.has("benchmark") ? recipe_of(find_benchmark(arguments.text("benchmark"))) : recipe_of(model);
  apply_flags(arguments, recipe);
  return recipe;
}

std::map<std::string, std::string> recipe_notes(const DataRecipe& recipe) {
  std::map<std::string, std::string> notes = {
      {"dataset", recipe.dataset},
      {"input_scale", exact_text(recipe.scale)},
      {"input_offset", exact_text(recipe.offset)},
      {"task", std::string(kTaskNames[static_cast<size_t>(recipe.task)])}};
  if (recipe.channels_first) notes["channels_first"] = "yes";
  return notes;
}

const Dataset& DataShelf::get(const DataRecipe& recipe) {
  auto found = loaded_.find(recipe);
  if (found != loaded_.end()) return found->second;
  Dataset dataset = load(recipe, datasets_dir_, halves_);
  check_task(dataset, recipe);
  if (recipe.channels_first) turn_channels_last(dataset);
  rescale(dataset, recipe.scale, recipe.offset);
  dataset.task = recipe.task;
  if (recipe.task == Task::reconstruction) {
    for (Samples* samples : {&dataset.train, &dataset.validation, &dataset.test}) {
      samples->num_targets = static_cast<int>(samples->sample_size());
      samples->targets = samples->values;
    }
  }
  return loaded_.emplace(recipe, std::move(dataset)).first->second;
}

}  // namespace netsurf
