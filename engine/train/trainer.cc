#include "engine/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/train/batch_source.h"
#include "engine/train/freeze.h"
#include "engine/train/network.h"
#include "engine/train/optimizer.h"
#include "engine/train/pruning.h"
#include "engine/train/random.h"
#include "engine/train/recipe.h"
#include "engine/train/schedule.h"
#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kMinEvaluationBatch = 64;

class Clock {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string number_text(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", number);
  return buffer;
}

std::string digest_of(const Dataset& dataset) {
  Digest digest;
  digest.add("netsurf training data 1").add(std::string_view(dataset.name));
  for (const Samples* samples : {&dataset.train, &dataset.validation}) {
    digest.add(samples->count).add(samples->sample_size());
    digest.add_bytes(std::as_bytes(std::span(samples->values)));
    digest.add(std::span<const int32_t>(samples->labels));
    digest.add_bytes(std::as_bytes(std::span(samples->targets)));
  }
  return digest.hex();
}

double sparsity_of(const Network& network) {
  int64_t pruned = 0, all = 0;
  for (const Node& node : network.nodes()) {
    if (node.kernel < 0) continue;
    const Tensor& kernel = network.tensors()[static_cast<size_t>(node.kernel)];
    all += static_cast<int64_t>(kernel.value.size());
    pruned += std::accumulate(kernel.pruned.begin(), kernel.pruned.end(), int64_t{0});
  }
  return all == 0 ? 0 : static_cast<double>(pruned) / static_cast<double>(all);
}

/// What restoring the best epoch needs.
struct Snapshot {
  std::vector<std::vector<float>> values, means, variances;

  static Snapshot of(const Network& network) {
    Snapshot snapshot;
    for (const Tensor& tensor : network.tensors()) snapshot.values.push_back(tensor.value);
    for (const Node& node : network.nodes()) {
      snapshot.means.push_back(node.running_mean);
      snapshot.variances.push_back(node.running_variance);
    }
    return snapshot;
  }

  void restore(Network& network) const {
    for (size_t i = 0; i < values.size(); ++i) network.tensors()[i].value = values[i];
    for (size_t i = 0; i < means.size(); ++i) {
      network.nodes()[i].running_mean = means[i];
      network.nodes()[i].running_variance = variances[i];
    }
    network.quantize_parameters();
  }
};

}  // namespace

struct TrainedNetwork::State {
  State(const Benchmark& bench, const TrainOptions& opts)
      : benchmark(bench),
        options(resolved(bench, opts)),
        network(benchmark, {*options.quantization, options.bias_bits, options.affine_bits, options.seed},
                std::max(options.batch_size, kMinEvaluationBatch)),
        max_batch(std::max(options.batch_size, kMinEvaluationBatch)) {}

  Model freeze() const {
    std::map<std::string, std::string> notes = {
        {"benchmark", benchmark.name},
        {"dataset", benchmark.dataset},
        {"task", std::string(kTaskNames[static_cast<size_t>(benchmark.task)])},
        {"input_scale", exact_text(benchmark.input_scale)},
        {"input_offset", exact_text(benchmark.input_offset)},
        {"quantization", options.quantization->text()},
        {"batch_norm", std::string(kBatchNormNames[static_cast<size_t>(*options.batch_norm)])},
        {"prune", options.prune.text()},
        {"sparsity", number_text(sparsity_of(network))},
        {"seed", std::to_string(options.seed)},
        {"epochs", std::to_string(history.size()) + " of " + std::to_string(options.epochs)},
        {"epoch", std::to_string(epoch)},
        {"batch_size", std::to_string(options.batch_size)},
        {"learning_rate", number_text(options.learning_rate)},
        {"optimizer", std::string(kOptimizerNames[static_cast<size_t>(benchmark.optimizer)])},
        {"data_digest", data_digest},
        {"splits_read", "train, validation"},
    };
    notes.merge(recipe_notes(training_recipe(benchmark, options)));
    if (epoch > 0 && std::isfinite(history[static_cast<size_t>(epoch - 1)].validation_loss)) {
      const TrainProgress& record = history[static_cast<size_t>(epoch - 1)];
      notes["validation_loss"] = number_text(record.validation_loss);
      if (std::isfinite(record.validation_accuracy))
        notes["validation_accuracy"] = number_text(record.validation_accuracy);
    }
    std::string name = benchmark.name + (options.prune.is_zero() ? "" : "_pruned_" + options.prune.text());
    const bool scales = benchmark.loss == LossKind::cross_entropy;
    return netsurf::freeze(network, name, std::move(notes),
                           scales ? static_cast<float>(benchmark.logit_scale) : 1.0F);
  }

  Evaluation evaluate(const Samples& samples) {
    Evaluation result;
    result.count = samples.count;
    result.accuracy = result.loss = kNaN;
    if (samples.count == 0) return result;
    BatchSource source(benchmark, samples, network.output_size());
    std::vector<int64_t> rows(static_cast<size_t>(max_batch));
    double loss = 0;
    int64_t correct = 0;
    for (int64_t at = 0; at < samples.count; at += max_batch) {
      const int batch = static_cast<int>(std::min<int64_t>(max_batch, samples.count - at));
      std::iota(rows.begin(), rows.end(), at);
      source.load(network, rows.data(), batch);
      network.forward(batch, false);
      int64_t hits = 0;
      loss += source.loss(network, batch, false, benchmark.logit_scale, &hits) * batch;
      correct += hits;
    }
    result.loss = loss / static_cast<double>(samples.count);
    if (benchmark.task == Task::classification)
      result.accuracy = static_cast<double>(correct) / static_cast<double>(samples.count);
    return result;
  }

  void prune(const PruningSchedule& schedule, int at) {
    for (const Node& node : network.nodes()) {
      if (node.kernel < 0) continue;
      Tensor& kernel = network.tensors()[static_cast<size_t>(node.kernel)];
      prune_smallest(kernel, schedule.zeros_at(at, kernel.value.size()));
    }
  }

  /// The learning rate's factor after so many epochs.
  double decayed(double epochs_done) const {
    return benchmark.decay == Decay::none
               ? 1.0
               : 0.5 * (1 + std::cos(std::numbers::pi * epochs_done / options.epochs));
  }

  void run(const Dataset& dataset, const TrainCallback& callback);
  TrainProgress run_epoch(BatchSource& source, Optimizer& optimizer, const std::vector<int64_t>& rows, int at,
                          double rate, const Clock& clock, const TrainCallback& callback);

  Benchmark benchmark;
  TrainOptions options;
  Network network;
  int max_batch;
  std::vector<TrainProgress> history;
  int epoch = 0;
  uint64_t steps = 0;
  std::string data_digest;
};

TrainProgress TrainedNetwork::State::run_epoch(BatchSource& source, Optimizer& optimizer,
                                               const std::vector<int64_t>& rows, int at, double rate,
                                               const Clock& clock, const TrainCallback& callback) {
  const auto count = static_cast<int64_t>(rows.size());
  const int batch_size = static_cast<int>(std::min<int64_t>(options.batch_size, count));
  TrainProgress progress;
  progress.epoch = at + 1;
  progress.num_epochs = options.epochs;
  // A last batch of a few samples would spoil batch norm's moments; shuffling gives everyone a turn.
  progress.num_batches = count / batch_size;
  progress.learning_rate = rate * decayed(at);
  const std::vector<int64_t> order =
      TrainRandom(options.seed, RandomUse::shuffle, static_cast<uint64_t>(at)).permutation(count);
  std::vector<int64_t> picked(static_cast<size_t>(batch_size));
  double loss = 0;
  int64_t correct = 0;
  for (int64_t b = 0; b < progress.num_batches; ++b) {
    for (size_t i = 0; i < picked.size(); ++i)
      picked[i] = rows[static_cast<size_t>(order[static_cast<size_t>(b * batch_size) + i])];
    source.load(network, picked.data(), batch_size);
    network.forward(batch_size, true, steps++);
    int64_t hits = 0;
    const double batch_loss = source.loss(network, batch_size, true, benchmark.logit_scale, &hits);
    if (!std::isfinite(batch_loss)) {
      throw RunError("training of " + benchmark.name + " diverged: the loss of batch " +
                     std::to_string(b + 1) + " in epoch " + std::to_string(at + 1) +
                     " is not a finite number; try a smaller learning rate than " + number_text(rate));
    }
    network.backward(batch_size);
    optimizer.step(network.tensors(),
                   rate * decayed(static_cast<double>(at) +
                                  static_cast<double>(b) / static_cast<double>(progress.num_batches)));
    network.quantize_parameters();
    loss += batch_loss;
    correct += hits;
    progress.batch = b + 1;
    progress.loss = loss / static_cast<double>(b + 1);
    progress.accuracy = benchmark.task == Task::classification
                            ? static_cast<double>(correct) / static_cast<double>((b + 1) * batch_size)
                            : kNaN;
    progress.seconds = clock.seconds();
    const double done = at + static_cast<double>(b + 1) / static_cast<double>(progress.num_batches);
    progress.seconds_left = progress.seconds * (options.epochs - done) / done;
    if (callback) callback(progress);
  }
  progress.loss += regularization(network.tensors());
  return progress;
}

void TrainedNetwork::State::run(const Dataset& dataset, const TrainCallback& callback) {
  const int64_t outputs = network.output_size();
  if (dataset.train.count < 1) throw InputError("data set " + dataset.name + " has no training samples");
  check_samples(benchmark, dataset.train, outputs, "train");
  check_samples(benchmark, dataset.validation, outputs, "validation");
  const bool folds = *options.batch_norm == BatchNormMode::fold && network.has_batch_norm();
  const int fold_at = folds ? options.epochs / 2 : 0;
  const PruningSchedule pruning(options.prune, benchmark.prune_start, benchmark.prune_end,
                                benchmark.prune_frequency, options.epochs);
  ValidationWatch watch(benchmark, std::max(pruning.last_step(), fold_at));
  if (watch.needs_validation() && dataset.validation.count < 1) {
    throw InputError("benchmark " + benchmark.name +
                     " stops early or slows down by its validation split, but data set " + dataset.name +
                     " has none; give it one, or set early_stopping and plateau_patience to 0");
  }
  network.quantize_parameters();
  freeze();  // refuse now, not after training, what cannot become integers or be folded
  if (folds) Network(network).fold_batch_norm();
  data_digest = digest_of(dataset);

  std::vector<int64_t> rows =
      TrainRandom(options.seed, RandomUse::subset, 0).permutation(dataset.train.count);
  if (options.max_train_samples > 0 && options.max_train_samples < dataset.train.count) {
    rows.resize(static_cast<size_t>(options.max_train_samples));
  }
  BatchSource source(benchmark, dataset.train, outputs);
  Optimizer optimizer(benchmark.optimizer, benchmark.momentum);
  Snapshot best;
  double rate = options.learning_rate;
  const Clock clock;
  for (int at = 0; at < options.epochs; ++at) {
    if (folds && at == fold_at) {
      network.fold_batch_norm();
      optimizer.reset();
    }
    if (pruning.prunes_at(at)) prune(pruning, at);
    network.quantize_parameters();
    TrainProgress progress = run_epoch(source, optimizer, rows, at, rate, clock, callback);
    const Evaluation validation = evaluate(dataset.validation);
    if (dataset.validation.count > 0 && !std::isfinite(validation.loss)) {
      throw RunError("training of " + benchmark.name + " diverged: the validation loss after epoch " +
                     std::to_string(at + 1) + " is not a finite number; try a smaller learning rate than " +
                     number_text(rate));
    }
    progress.validation_loss = validation.loss;
    progress.validation_accuracy = validation.accuracy;
    progress.sparsity = sparsity_of(network);
    progress.epoch_done = true;
    progress.seconds = clock.seconds();
    progress.seconds_left = progress.seconds * (options.epochs - at - 1) / (at + 1);
    history.push_back(progress);
    epoch = at + 1;
    if (callback) callback(progress);
    if (!watch.needs_validation()) continue;
    const ValidationWatch::Verdict verdict = watch.judge(at, validation.loss, validation.accuracy);
    if (verdict.is_best && watch.restores_best()) best = Snapshot::of(network);
    rate *= verdict.rate_factor;
    if (verdict.stop) break;
  }
  if (watch.restores_best()) {
    best.restore(network);
    epoch = watch.best_epoch() + 1;
  }
}

TrainedNetwork::TrainedNetwork(std::unique_ptr<State> state) : state_(std::move(state)) {}
TrainedNetwork::TrainedNetwork(TrainedNetwork&&) noexcept = default;
TrainedNetwork& TrainedNetwork::operator=(TrainedNetwork&&) noexcept = default;
TrainedNetwork::~TrainedNetwork() = default;

Model TrainedNetwork::freeze() const { return state_->freeze(); }

Evaluation TrainedNetwork::evaluate(const Samples& samples) const {
  const floating::ThreadScope threads(state_->options.num_threads);
  check_samples(state_->benchmark, samples, state_->network.output_size(), "evaluated");
  return state_->evaluate(samples);
}

const std::vector<TrainProgress>& TrainedNetwork::history() const { return state_->history; }
int TrainedNetwork::epoch() const { return state_->epoch; }
double TrainedNetwork::sparsity() const { return sparsity_of(state_->network); }

TrainedNetwork train(const Benchmark& benchmark, const Dataset& dataset, const TrainOptions& options,
                     const TrainCallback& callback) {
  const floating::ThreadScope threads(options.num_threads);
  TrainedNetwork trained(std::make_unique<TrainedNetwork::State>(benchmark, options));
  trained.state_->run(dataset, callback);
  return trained;
}

}  // namespace netsurf
