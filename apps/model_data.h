// The data a model is measured on: which set its notes name, scaled as in its training, in its input codes.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/model/benchmark.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

/// Which data a network reads, and how raw values become what it sees.
struct DataRecipe {
  std::string dataset;
  double scale = 1, offset = 0;
  Task task = Task::classification;

  auto operator<=>(const DataRecipe&) const = default;
};

DataRecipe recipe_of(const Benchmark& benchmark);
/// From the notes that training leaves in a model. Throws InputError when they are missing, asking for
/// --benchmark.
DataRecipe recipe_of(const Model& model);

/// Loads each data set once.
class DataShelf {
 public:
  explicit DataShelf(std::filesystem::path datasets_dir) : datasets_dir_(std::move(datasets_dir)) {}

  const Dataset& get(const DataRecipe& recipe);

 private:
  std::filesystem::path datasets_dir_;
  std::map<DataRecipe, Dataset> loaded_;
};

}  // namespace netsurf
