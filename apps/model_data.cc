#include "apps/model_data.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/datasets.h"

namespace netsurf {

DataRecipe recipe_of(const Benchmark& benchmark) {
  return {benchmark.dataset, benchmark.input_scale, benchmark.input_offset, benchmark.task};
}

DataRecipe recipe_of(const Model& model) {
  auto note = [&](const std::string& key) {
    auto found = model.notes().find(key);
    if (found == model.notes().end()) {
      throw InputError("model \"" + model.name() + "\" does not say which data set it reads (no note \"" +
                       key + "\"); give the benchmark it belongs to with --benchmark");
    }
    return found->second;
  };
  DataRecipe recipe;
  recipe.dataset = note("dataset");
  recipe.scale = parse_real(note("input_scale"), "note input_scale", -1e30, 1e30);
  recipe.offset = parse_real(note("input_offset"), "note input_offset", -1e30, 1e30);
  std::string task = note("task");
  auto found = std::find(kTaskNames.begin(), kTaskNames.end(), task);
  if (found == kTaskNames.end())
    throw InputError("model \"" + model.name() + "\" has unknown task \"" + task + "\"");
  recipe.task = static_cast<Task>(found - kTaskNames.begin());
  return recipe;
}

const Dataset& DataShelf::get(const DataRecipe& recipe) {
  auto found = loaded_.find(recipe);
  if (found != loaded_.end()) return found->second;
  Dataset dataset = load_dataset(recipe.dataset, datasets_dir_);
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
