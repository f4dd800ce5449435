#include "apps/pipeline.h"

#include <ostream>

#include "apps/progress.h"
#include "apps/text_table.h"
#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/rank/ranker.h"
#include "models/onnx_export.h"
#include "models/onnx_import.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

std::string short_digest(const std::string& digest) { return digest.substr(0, 12); }

/// Clean accuracy (or mean loss without labels) of the integer network on one split.
std::string clean_score(const Model& model, const Dataset& dataset, const Samples& samples, int num_threads) {
  if (samples.count == 0) return "no test samples";
  EvaluationSet set = encode(model, samples, dataset.task);
  std::unique_ptr<Session> session = make_cpu_backend()->open(model, set, BitSpace(model), {num_threads, 1});
  TrialOutcome clean = session->clean();
  auto count = static_cast<double>(set.count);
  if (clean.correct == kNoCount)
    return "test loss " + number_text("%.5g", static_cast<double>(clean.loss) * kLossUnit / count);
  return "test accuracy " + number_text("%.2f %%", 100 * static_cast<double>(clean.correct) / count);
}

std::string progress_detail(const TrainProgress& progress) {
  std::string text = "epoch " + std::to_string(progress.epoch) + "/" + std::to_string(progress.num_epochs) +
                     ", loss " + number_text("%.4f", progress.loss);
  if (progress.accuracy == progress.accuracy)
    text += ", accuracy " + number_text("%.2f %%", 100 * progress.accuracy);
  return text;
}

}  // namespace

fs::path scheme_dir(const Arguments& arguments, const Benchmark& benchmark) {
  Format scheme = quantization_of(arguments).value_or(benchmark.quantization);
  return fs::path(arguments.text("benchmarks_dir")) / benchmark.name / scheme.file_text();
}

fs::path model_path(const Arguments& arguments, const Benchmark& benchmark, const UnitDecimal& prune) {
  return scheme_dir(arguments, benchmark) / (arguments.text("model_prefix") + "pruned_" + prune.text()) /
         "model.onnx";
}

ModelFile train_model(const Benchmark& benchmark, const UnitDecimal& prune, const TrainOptions& options,
                      const fs::path& path, DataShelf& shelf, const Streams& streams) {
  const Dataset& dataset = shelf.get(recipe_of(benchmark));
  TrainOptions with_prune = options;
  with_prune.prune = prune;
  Progress progress(streams);
  std::string what = "train " + benchmark.name + (prune.is_zero() ? "" : " pruned " + prune.text());
  TrainedNetwork network = train(benchmark, dataset, with_prune, [&](const TrainProgress& now) {
    double done = now.epoch - 1 +
                  static_cast<double>(now.batch) / static_cast<double>(std::max<int64_t>(now.num_batches, 1));
    progress.show(what, done, now.num_epochs, progress_detail(now), now.seconds_left);
  });
  progress.finish();
  ModelFile file{path, network.freeze()};
  save_model(file.model, path);
  streams.err << "trained " << path.string() << ": digest " << short_digest(file.model.digest()) << ", "
              << clean_score(file.model, dataset, dataset.test, options.num_threads) << ", sparsity "
              << number_text("%.2f %%", 100 * network.sparsity()) << ", seed " << options.seed << "\n";
  return file;
}

ModelFile find_or_train(const Arguments& arguments, const Benchmark& benchmark, const UnitDecimal& prune,
                        const fs::path& path, DataShelf& shelf, const Streams& streams) {
  if (arguments.flag("train_model") || !fs::exists(path)) {
    return train_model(benchmark, prune, train_options_of(arguments), path, shelf, streams);
  }
  ModelFile file{path, load_model(path)};
  auto note = file.model.notes().find("seed");
  std::string trained_seed = note == file.model.notes().end() ? "unknown" : note->second;
  std::string asked_seed = std::to_string(seed_of(arguments));
  streams.err << "found " << path.string() << ": digest " << short_digest(file.model.digest())
              << ", trained with seed " << trained_seed
              << (trained_seed == asked_seed ? "" : ", not " + asked_seed)
              << " (--train_model trains anew)\n";
  return file;
}

fs::path ranking_path(const ModelFile& file, const MethodRequest& request, BitSpace::Pruned pruned,
                      uint64_t seed) {
  std::string name = request.method;
  if (request.order == OrderMode::global) name += "_global";
  if (pruned == BitSpace::Pruned::stored) name += "_stored";
  if (seed != 1) name += "_seed" + std::to_string(seed);
  if (!request.suffix.empty()) name += "_" + request.suffix;
  if (name.find('/') != std::string::npos)
    throw InputError("--method_suffix \"" + request.suffix + "\" may not hold a /");
  return file.path.parent_path() / "rankings" / (name + ".npz");
}

RankingFile find_or_rank(const ModelFile& file, const MethodRequest& request, BitSpace::Pruned pruned,
                         uint64_t seed, bool again, const fs::path& path, const Streams& streams) {
  BitSpace space(file.model, pruned);
  if (!again && fs::exists(path)) {
    RankingFile found{path, load_ranking(path)};
    bool belongs = found.ranking.model_digest == file.model.digest() &&
                   found.ranking.bit_space_digest == space.digest() && found.ranking.seed == seed;
    if (belongs) {
      streams.err << "found " << path.string() << " (--overwrite_ranking ranks anew)\n";
      return found;
    }
    streams.err << path.string() << " belongs to another model; ranking anew\n";
  }
  RankingFile made{path, rank(request.method, {file.model, space, request.order, seed, request.suffix})};
  save_ranking(made.ranking, path);
  streams.err << "ranked " << path.string() << ": " << made.ranking.order.size() << " bits in "
              << duration_text(made.ranking.seconds) << ", digest " << short_digest(made.ranking.digest())
              << "\n";
  return made;
}

}  // namespace netsurf
