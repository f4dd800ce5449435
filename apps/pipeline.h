// The steps that commands share: a model is trained or found, ranked or its ranking found. Each step says on
// stderr what it did.
#pragma once

#include <filesystem>

#include "apps/command.h"
#include "apps/model_data.h"
#include "apps/option_groups.h"
#include "engine/model/benchmark.h"
#include "engine/model/model.h"
#include "engine/rank/ranking.h"

namespace netsurf {

struct ModelFile {
  std::filesystem::path path;
  Model model;
};

struct RankingFile {
  std::filesystem::path path;
  Ranking ranking;
};

/// <benchmarks_dir>/<benchmark>/<q6_0_1>.
std::filesystem::path scheme_dir(const Arguments& arguments, const Benchmark& benchmark);

/// <scheme_dir>/<prefix>pruned_<p>/model.onnx.
std::filesystem::path model_path(const Arguments& arguments, const Benchmark& benchmark,
                                 const UnitDecimal& prune);

/// Trains and saves, with progress. Prints one line: path, digest, accuracy of the integer network on the
/// test split, sparsity.
ModelFile train_model(const Benchmark& benchmark, const UnitDecimal& prune, const TrainOptions& options,
                      const std::filesystem::path& path, DataShelf& shelf, const Streams& streams);

/// Loads what is at `path`, or trains when there is nothing or `--train_model` was given.
ModelFile find_or_train(const Arguments& arguments, const Benchmark& benchmark, const UnitDecimal& prune,
                        const std::filesystem::path& path, DataShelf& shelf, const Streams& streams);

/// <folder of the model>/rankings/<method>[_global][_stored][_seed<N>][_suffix].npz.
std::filesystem::path ranking_path(const ModelFile& file, const MethodRequest& request,
                                   BitSpace::Pruned pruned, uint64_t seed);

/// Ranks and saves; loads instead when the file is there, belongs to this model, and `again` is false.
RankingFile find_or_rank(const ModelFile& file, const MethodRequest& request, BitSpace::Pruned pruned,
                         uint64_t seed, bool again, const std::filesystem::path& path,
                         const Streams& streams);

}  // namespace netsurf
