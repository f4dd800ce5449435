// Quantization-aware training of a benchmark, up to the frozen Model.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/model/benchmark.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

/// Zero, or nothing, means what the benchmark says.
struct TrainOptions {
  std::optional<Format> quantization;
  UnitDecimal prune;  // share of every kernel's elements that become zero, reached exactly
  uint64_t seed = 1;
  int epochs = 0;
  int batch_size = 0;
  double learning_rate = 0;
  int64_t max_train_samples = 0;  // train on this many, chosen by the seed; 0 = all
  int bias_bits = 0;              // 0: as many as the trained biases need
  int affine_bits = 16;
  std::optional<BatchNormMode> batch_norm;
  int num_threads = 0;  // 0: all cores
};

/// Where training stands; given to the callback after every batch and at the end of every epoch.
struct TrainProgress {
  int epoch = 0, num_epochs = 0;       // epoch counts from 1
  int64_t batch = 0, num_batches = 0;  // of this epoch, counts from 1
  double loss = 0, accuracy = 0;       // over this epoch so far; accuracy is NaN without labels
  bool epoch_done = false;             // the fields below are set
  double validation_loss = 0, validation_accuracy = 0;  // NaN without a validation split
  double learning_rate = 0, sparsity = 0;
  double seconds = 0, seconds_left = 0;  // since the start, until the last epoch at this pace
};

/// May throw to stop training.
using TrainCallback = std::function<void(const TrainProgress&)>;

struct Evaluation {
  int64_t count = 0;
  double loss = 0;
  double accuracy = 0;  // NaN without labels
};

class TrainedNetwork {
 public:
  TrainedNetwork(TrainedNetwork&&) noexcept;
  TrainedNetwork& operator=(TrainedNetwork&&) noexcept;
  ~TrainedNetwork();

  /// The integer network that uses the very numbers the training's forward pass used.
  Model freeze() const;

  /// Loss and accuracy of the float twin, batch norm and quantization as in the frozen network. `samples` as
  /// given to train: already scaled as the benchmark says. Throws InputError when shapes or labels do not
  /// fit.
  Evaluation evaluate(const Samples& samples) const;

  /// One entry per finished epoch, `epoch_done` set.
  const std::vector<TrainProgress>& history() const;
  /// The epoch (from 1) whose weights these are.
  int epoch() const;
  /// Pruned share of all kernel elements.
  double sparsity() const;

 private:
  struct State;
  explicit TrainedNetwork(std::unique_ptr<State> state);
  friend TrainedNetwork train(const Benchmark&, const Dataset&, const TrainOptions&, const TrainCallback&);
  std::unique_ptr<State> state_;
};

/// Trains on dataset.train; early stopping and the learning rate are judged on dataset.validation;
/// dataset.test is not read. Values are what the network sees (raw x input scale + offset). Repeats bit for
/// bit for the same binary, seed and machine, whatever the thread count. Throws InputError when data, network
/// and options do not fit each other (before any training, also when the integer network would be refused),
/// RunError when the loss stops being a number.
TrainedNetwork train(const Benchmark& benchmark, const Dataset& dataset, const TrainOptions& options = {},
                     const TrainCallback& callback = {});

}  // namespace netsurf
