// The data a model is measured on: which set its notes name, scaled as in its training, in its input codes.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "apps/command.h"
#include "engine/model/benchmark.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"
#include "models/datasets.h"

namespace netsurf {

/// Which data a network reads, and how raw values become what it sees.
struct DataRecipe {
  std::string dataset;  // a name, or the paths of one or two files joined by " + "
  double scale = 1, offset = 0;
  Task task = Task::classification;
  bool channels_first = false;  // images are stored so, and turned

  auto operator<=>(const DataRecipe&) const = default;
};

/// --dataset, --input_scale, --input_offset, --task, --channels_first: data named by hand.
std::vector<Option> recipe_options();
/// --benchmark and --datasets_dir, then recipe_options().
std::vector<Option> data_options();

DataRecipe recipe_of(const Benchmark& benchmark);
/// From the notes that training or an import leaves in a model. Throws InputError when they are missing,
/// asking for --dataset or --benchmark.
DataRecipe recipe_of(const Model& model);
/// From recipe_options() alone. REQUIRES: --dataset was given.
DataRecipe recipe_of(const Arguments& arguments);
/// --benchmark, else --dataset, else the model's notes; the other flags replace what those say.
DataRecipe recipe_of(const Arguments& arguments, const Model& model);

/// The notes that recipe_of(model) reads.
std::map<std::string, std::string> recipe_notes(const DataRecipe& recipe);

/// Whether a study of this split can do without training data.
inline Halves halves_for(std::string_view split) {
  return split == "test" ? Halves::test_only : Halves::both;
}

/// Loads each data set once.
class DataShelf {
 public:
  /// With Halves::test_only sets that have a test half give that half alone, and no training data is read.
  explicit DataShelf(std::filesystem::path datasets_dir, Halves halves = Halves::both)
      : datasets_dir_(std::move(datasets_dir)), halves_(halves) {}

  const Dataset& get(const DataRecipe& recipe);

 private:
  std::filesystem::path datasets_dir_;
  Halves halves_;
  std::map<DataRecipe, Dataset> loaded_;
};

}  // namespace netsurf
