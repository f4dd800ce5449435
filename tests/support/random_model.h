// Random networks: valid by construction but for the width of their sums, with every layer kind, format and
// wiring that a model may have. For tests that compare two ways of computing or storing one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/model/dataset.h"
#include "engine/model/model.h"
#include "tests/support/random.h"

namespace netsurf::testing {

/// A network before it is built: what Model::build takes.
struct Draft {
  std::vector<Layer> layers;
  std::vector<Parameter> parameters;
  /// Some code could pass 2^62 or some layer have more than 62 fraction bits, which Model::build refuses.
  bool may_be_too_wide = false;
};

/// Draws 3 to 14 layers behind one input. Model::build takes it, unless it may be too wide.
Draft random_draft(Random& random);

/// The same network with its layers in another topological order and its parameters in another order.
Draft shuffled(const Draft& draft, Random& random);

Model build(const Draft& draft);

/// A drawn network, redrawn while it is rightly refused as too wide (each refusal counted in `refused`). Any
/// other refusal is a failure and passes through as InputError.
Model random_model(Random& random, int64_t& refused);

inline constexpr int kMaxRandomSamples = 8;

/// `count` <= kMaxRandomSamples samples for a model: input codes of all sizes and both extremes; labels when
/// its output is flat and a coin says so, else targets near its output, or nothing to compare with.
EvaluationSet random_evaluation_set(const Model& model, Random& random, int64_t count);

}  // namespace netsurf::testing
