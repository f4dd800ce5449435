// From the moments of a layer to accuracy and loss, on average over all faults.
#pragma once

#include <memory>

#include "engine/backend/plain_network.h"
#include "engine/model/dataset.h"
#include "engine/predict/parameter_law.h"
#include "engine/predict/tile_moments.h"

namespace netsurf {

/// Summed over samples.
struct OutcomeSum {
  double correct = 0;  // chances that the label has the first largest score; 0 without labels
  double loss = 0;

  void add(double chance, const OutcomeSum& other) {
    correct += chance * other.correct;
    loss += chance * other.loss;
  }
};

/// The moments of one layer for the samples [begin, begin + samples) of a set.
struct LayerTile {
  const TileMoments& moments;
  const std::vector<double>& clean;  // [samples, size], the layer's values without faults
  int64_t begin = 0;
  int samples = 0;
};

class OutcomeRule {
 public:
  virtual ~OutcomeRule() = default;
  /// The layer whose moments it reads.
  virtual int layer() const = 0;
  /// `thread` is below the number of threads that the rule was made for.
  virtual OutcomeSum outcome(const LayerTile& tile, size_t thread) = 0;
};

/// Mean squared error, exactly: to the targets, or (comparison) to what comes out without faults. Keeps
/// references to both.
std::unique_ptr<OutcomeRule> make_squared_errors(const Model& model, const EvaluationSet& set);

/// Turns independent normal numbers into those of one sample's moments.
class NormalMixer {
 public:
  /// `sample` counts from the tile's first.
  NormalMixer(const TileMoments& moments, int samples, int sample);

  /// normals [2 size] to deviations from the mean, out [size].
  void mix(const double* normals, double* out) const;

 private:
  int64_t size_;
  int64_t factors_;            // numbers that vary: all elements, or the channels of an image
  std::vector<double> lower_;  // [factors, factors] with zeros above the diagonal; empty: independent
  std::vector<double> sigma_;  // [size], of what factors do; empty where `lower_` has it
  std::vector<double> own_;    // [size], of what an image's pixels do on their own; else empty
};

}  // namespace netsurf
