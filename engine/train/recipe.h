// What decides a training, spelled out setting by setting: kept in a model's notes, so that a model found
// later can be told from the one that is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/benchmark.h"
#include "engine/train/trainer.h"

namespace netsurf {

/// (setting, value) in a fixed order; layers come last, as "layer 1", "layer 2", ...
using Recipe = std::vector<std::pair<std::string, std::string>>;

/// The options with the benchmark's values where they say nothing. Throws InputError for values out of range.
TrainOptions resolved(const Benchmark& benchmark, TrainOptions options);

/// Every setting of benchmark and options that decides the outcome, those that have no effect (the momentum
/// of adam, the pruning schedule of an unpruned network) left out. Not the seed, which is a note of its own,
/// nor the number of threads, which decides nothing. Throws as resolved.
Recipe training_recipe(const Benchmark& benchmark, const TrainOptions& options);

/// The notes `recipe`, `recipe_layers` and `recipe_digest`.
std::map<std::string, std::string> recipe_notes(const Recipe& recipe);

struct RecipeCheck {
  enum class Verdict : uint8_t {
    same,
    different,
    unknown,  // the notes hold no recipe
  };
  Verdict verdict = Verdict::unknown;
  /// One text per setting, such as `epochs is 3 there, 40 here`; empty when the notes hold a digest alone.
  std::vector<std::string> differences;
};

/// Compares a model's notes ("there") with the recipe asked for ("here").
RecipeCheck compare_recipe(const std::map<std::string, std::string>& notes, const Recipe& recipe);

/// The shortest digits that read back as the same double.
std::string exact_text(double number);

}  // namespace netsurf
