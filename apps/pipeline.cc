#include "apps/pipeline.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <ostream>

#include "apps/interrupt.h"
#include "apps/progress.h"
#include "apps/text_table.h"
#include "engine/backend/backend.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/rank/ranker.h"
#include "engine/train/recipe.h"
#include "models/qonnx/onnx_export.h"
#include "models/qonnx/onnx_import.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

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

/// The digest of the model or ranking that is about to be replaced; nothing when there is no file. Throws
/// InputError for a file that `digest_of` cannot read: it may be anything of anybody's.
std::optional<std::string> digest_to_replace(const fs::path& path, const char* what,
                                             const std::function<std::string()>& digest_of) {
  if (!fs::is_regular_file(path)) return std::nullopt;
  try {
    return digest_of();
  } catch (const std::exception& error) {
    throw InputError(path.string() + " is there already and cannot be read as a " + what + " (" +
                     error.what() + "); remove it, or choose another name");
  }
}

/// Copies what is at `path` to its kept name unless it has the digest of what is about to be written there.
void keep_previous(const fs::path& path, const std::optional<std::string>& digest_there,
                   const std::string& new_digest, const Streams& streams) {
  if (!digest_there || *digest_there == new_digest) return;
  fs::path kept = kept_path(path, *digest_there);
  replace_file(kept, [&](const fs::path& temporary) { fs::copy_file(path, temporary); });
  streams.err << "kept the earlier " << path.string() << " as " << kept.string()
              << ": results that were made with it can still be replayed\n";
}

constexpr size_t kMaxDifferences = 6;

[[noreturn]] void refuse_recipe(const fs::path& path, std::vector<std::string> differences) {
  std::string what =
      ": its notes hold only the digest of its training recipe, so the setting cannot be named";
  if (!differences.empty()) {
    size_t num_more = differences.size() - std::min(differences.size(), kMaxDifferences);
    differences.resize(differences.size() - num_more);
    what =
        ": " + join(differences, "; ") + (num_more > 0 ? "; and " + std::to_string(num_more) + " more" : "");
  }
  throw InputError(
      path.string() + " was trained otherwise than asked for here" + what +
      ". Give the same settings, train anew with --train_model (this model is kept), or keep both "
      "apart with --model_prefix");
}

constexpr size_t kMaxSettingsPart = 64;

/// Settings as part of a file's name.
std::string settings_part(const std::string& text) {
  std::string part = text;
  std::replace(part.begin(), part.end(), ' ', '_');
  bool is_plain = std::all_of(part.begin(), part.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '=' || c == '.';
  });
  if (is_plain && part.size() <= kMaxSettingsPart && part.find("..") == std::string::npos) return part;
  return short_digest(Digest().add(text).hex());
}

Ranking rank_with_progress(const Model& model, const BitSpace& space, const RankingRequest& request,
                           const EvaluationSet* data, const Streams& streams) {
  const MethodRequest& method = request.method;
  RankRequest call{model, space};
  call.order = method.order;
  call.seed = request.seed;
  call.suffix = method.suffix;
  call.data = data;
  call.settings = method.settings;
  call.num_threads = request.num_threads;
  Progress progress(streams);
  call.progress = [&](double done, std::string_view step) {
    progress.show("rank " + method.method, done, 1, std::string(step));
  };
  InterruptGuard interrupt;
  call.stop = &interrupt.stop();
  return run_interruptibly(interrupt, [&] { return rank(method.method, call); });
}

}  // namespace

RankingFile load_ranking_of(const ModelFile& file, const BitSpace& space, const fs::path& path) {
  RankingFile found{path, load_ranking(path)};
  const Ranking& ranking = found.ranking;
  if (ranking.model_digest != file.model.digest()) {
    throw InputError("ranking " + path.string() + " was made for model " +
                     short_digest(ranking.model_digest) + ", not for " + short_digest(file.model.digest()) +
                     " of " + file.path.string() + "; rank this model with netsurf rank");
  }
  if (ranking.bit_space_digest != space.digest()) {
    throw InputError("ranking " + path.string() + " orders " + std::to_string(ranking.order.size()) +
                     " bits, which are not the " + std::to_string(space.size()) + " of " +
                     file.path.string() + "; use the same --pruned for both");
  }
  return found;
}

fs::path kept_path(const fs::path& path, const std::string& digest) {
  return path.parent_path() / (path.stem().string() + "-" + short_digest(digest) + path.extension().string());
}

fs::path scheme_dir(const Arguments& arguments, const Benchmark& benchmark) {
  Format scheme = quantization_of(arguments).value_or(benchmark.quantization);
  return fs::path(arguments.text("benchmarks_dir")) / benchmark.name / scheme.file_text();
}

fs::path model_path(const Arguments& arguments, const Benchmark& benchmark, const UnitDecimal& prune) {
  std::string prefix = arguments.text("model_prefix");
  check_name_part("model_prefix", prefix);
  return scheme_dir(arguments, benchmark) / (prefix + "pruned_" + prune.text()) / "model.onnx";
}

ModelFile train_model(const Benchmark& benchmark, const UnitDecimal& prune, const TrainOptions& options,
                      const fs::path& path, DataShelf& shelf, const Streams& streams) {
  const Dataset& dataset = shelf.get(recipe_of(benchmark));
  std::optional<std::string> previous =
      digest_to_replace(path, "model", [&] { return load_model(path).digest(); });
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
  keep_previous(path, previous, file.model.digest(), streams);
  save_model(file.model, path);
  streams.err << "trained " << path.string() << ": digest " << short_digest(file.model.digest()) << ", "
              << clean_score(file.model, dataset, dataset.test, options.num_threads) << ", sparsity "
              << number_text("%.2f %%", 100 * network.sparsity()) << ", seed " << options.seed << "\n";
  return file;
}

std::optional<ModelFile> find_trained(const Arguments& arguments, const Benchmark& benchmark,
                                      const UnitDecimal& prune, const fs::path& path,
                                      const Streams& streams) {
  if (arguments.flag("train_model") || !fs::exists(path)) return std::nullopt;
  ModelFile file{path, load_model(path)};
  TrainOptions options = train_options_of(arguments);
  options.prune = prune;
  RecipeCheck check = compare_recipe(file.model.notes(), training_recipe(benchmark, options));
  if (check.verdict == RecipeCheck::Verdict::different) refuse_recipe(path, check.differences);
  auto note = file.model.notes().find("seed");
  std::string trained_seed = note == file.model.notes().end() ? "unknown" : note->second;
  std::string asked_seed = std::to_string(seed_of(arguments));
  streams.err << "found " << path.string() << ": digest " << short_digest(file.model.digest())
              << ", trained with seed " << trained_seed
              << (trained_seed == asked_seed ? "" : ", not " + asked_seed)
              << (check.verdict == RecipeCheck::Verdict::unknown
                      ? ", its other settings are not on record and were not compared"
                      : "")
              << " (--train_model trains anew)\n";
  return file;
}

RankingRequest ranking_request(const Arguments& arguments, const MethodRequest& method) {
  RankingRequest request;
  request.method = method;
  request.pruned = pruned_of(arguments);
  request.seed = seed_of(arguments);
  request.samples = rank_samples_of(arguments);
  request.num_threads = threads_of(arguments);
  request.again = arguments.flag("overwrite_ranking");
  return request;
}

bool need_data(std::span<const MethodRequest> methods) {
  return std::any_of(methods.begin(), methods.end(),
                     [](const MethodRequest& method) { return find_ranker(method.method).needs_data; });
}

fs::path ranking_path(const ModelFile& file, const RankingRequest& request) {
  const MethodRequest& method = request.method;
  std::string name = method.method;
  if (method.order == OrderMode::global) name += "_global";
  if (request.pruned == BitSpace::Pruned::stored) name += "_stored";
  if (request.seed != 1) name += "_seed" + std::to_string(request.seed);
  if (find_ranker(method.method).needs_data && request.samples != kRankSamples)
    name += "_samples" + std::to_string(request.samples);
  if (!method.settings.text().empty()) name += "_" + settings_part(method.settings.text());
  if (!method.suffix.empty()) name += "_" + method.suffix;
  return file.path.parent_path() / "rankings" / (name + ".npz");
}

RankingFile find_or_rank(const ModelFile& file, const RankingRequest& request, const EvaluationSet* data,
                         const fs::path& path, const Streams& streams) {
  const MethodRequest& method = request.method;
  BitSpace space(file.model, request.pruned);
  // A file that an unlisted method reads may be another one under the same name by now.
  if (!request.again && find_ranker(method.method).is_listed && fs::exists(path)) {
    RankingFile found{path, load_ranking(path)};
    const Ranking& there = found.ranking;
    bool same_model = there.model_digest == file.model.digest() && there.bit_space_digest == space.digest();
    std::string data_digest = find_ranker(method.method).needs_data && data != nullptr ? data->digest : "";
    bool same_request = there.method == method.method && there.order_mode == name_of(method.order) &&
                        there.suffix == method.suffix && there.seed == request.seed &&
                        there.options == method.settings.text() && there.data_digest == data_digest;
    if (same_model && same_request) {
      streams.err << "found " << path.string() << " (--overwrite_ranking ranks anew)\n";
      return found;
    }
    streams.err << path.string()
                << (same_model ? " is another ranking of this model" : " belongs to another model")
                << "; ranking anew\n";
  }
  std::optional<std::string> previous =
      digest_to_replace(path, "ranking", [&] { return load_ranking(path).digest(); });
  RankingFile made{path, rank_with_progress(file.model, space, request, data, streams)};
  keep_previous(path, previous, made.ranking.digest(), streams);
  save_ranking(made.ranking, path);
  streams.err << "ranked " << path.string() << ": " << made.ranking.order.size() << " bits in "
              << duration_text(made.ranking.seconds) << ", digest " << short_digest(made.ranking.digest())
              << "\n";
  return made;
}

}  // namespace netsurf
