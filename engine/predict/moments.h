// Accuracy and loss under faults, without injecting any: the means and variances of all activations over
// random weights, carried from layer to layer. The model and where it holds: docs/predict.md.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>

#include "engine/faults/bit_space.h"
#include "engine/model/dataset.h"

namespace netsurf {

struct Prediction {
  double accuracy = 0;  // mean over faulty copies and samples; NaN without labels
  double loss = 0;      // mean, likewise: as FloatTwin's
};

/// For whoever waits.
struct PredictWatch {
  std::function<void(double done)> progress = nullptr;  // in [0, 1]; called from the calling thread
  const std::atomic<bool>* stop = nullptr;  // when it becomes true the prediction ends with RunError
};

class MomentPredictor {
 public:
  /// Keeps references to all. Throws InputError for an empty set and one whose answers do not fit the model.
  MomentPredictor(const Model& model, const BitSpace& space, const EvaluationSet& set, int num_threads = 0);
  ~MomentPredictor();

  /// Where bit b flips with chance rates[b], all independent. Throws InputError unless there is one rate in
  /// [0, 1] per bit.
  Prediction predict(std::span<const double> rates, const PredictWatch& watch = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace netsurf
