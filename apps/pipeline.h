// The steps that commands share: a model is trained or found, ranked or its ranking found. Each step says on
// stderr what it did.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

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

/// Throws InputError for a ranking of another model, or of other bits than `space`, the model's; else as
/// load_ranking.
RankingFile load_ranking_of(const ModelFile& file, const BitSpace& space, const std::filesystem::path& path);

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

/// What a ranking is asked for with, apart from the model and its data.
struct RankingRequest {
  MethodRequest method;
  BitSpace::Pruned pruned = BitSpace::Pruned::absent;
  uint64_t seed = 1;
  int64_t samples = 0;  // that methods which need data read
  int num_threads = 0;
  bool again = false;  // even if the file is there
};
RankingRequest ranking_request(const Arguments& arguments, const MethodRequest& method);

/// Whether any of the methods reads training samples.
bool need_data(std::span<const MethodRequest> methods);

/// <folder of the model>/rankings/<method>[_global][_stored][_seed<N>][_samples<N>][_settings][_suffix].npz,
/// each part where it is not the default; settings as key=value, or a digest of them where that is long or
/// no file's name.
std::filesystem::path ranking_path(const ModelFile& file, const RankingRequest& request);

/// Ranks and saves, with progress; loads instead when the file is there, is this ranking of this model from
/// this data, and `again` is false. Another ranking at `path` is kept under kept_path. Throws Interrupted
/// when a signal stopped the ranker.
RankingFile find_or_rank(const ModelFile& file, const RankingRequest& request, const EvaluationSet* data,
                         const std::filesystem::path& path, const Streams& streams);

}  // namespace netsurf
