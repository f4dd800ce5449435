// The steps that commands share: a model is trained or found, ranked or its ranking found. Each step says on
// stderr what it did.
#pragma once

#include <filesystem>
#include <optional>

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

/// The name under which a model or ranking is kept when another one takes its place: with the first twelve
/// digits of its digest, model-3f2a9c01d4e5.onnx.
std::filesystem::path kept_path(const std::filesystem::path& path, const std::string& digest);

/// Trains and saves, with progress. Prints one line: path, digest, accuracy of the integer network on the
/// test split, sparsity. Another model at `path` is kept under kept_path, so that its results can be
/// replayed.
ModelFile train_model(const Benchmark& benchmark, const UnitDecimal& prune, const TrainOptions& options,
                      const std::filesystem::path& path, DataShelf& shelf, const Streams& streams);

/// The model at `path`; nothing when there is none or `--train_model` was given. Throws InputError, naming
/// the settings, when it was trained otherwise than asked for now; another seed, or a model that does not say
/// how it was trained, is used and said aloud.
std::optional<ModelFile> find_trained(const Arguments& arguments, const Benchmark& benchmark,
                                      const UnitDecimal& prune, const std::filesystem::path& path,
                                      const Streams& streams);

/// <folder of the model>/rankings/<method>[_global][_stored][_seed<N>][_suffix].npz.
std::filesystem::path ranking_path(const ModelFile& file, const MethodRequest& request,
                                   BitSpace::Pruned pruned, uint64_t seed);

/// Ranks and saves; loads instead when the file is there, is this ranking of this model, and `again` is
/// false. Another ranking at `path` is kept under kept_path.
RankingFile find_or_rank(const ModelFile& file, const MethodRequest& request, BitSpace::Pruned pruned,
                         uint64_t seed, bool again, const std::filesystem::path& path,
                         const Streams& streams);

}  // namespace netsurf
