// The score of docs/numbers.md a second time: prediction, changes, distance and the float32 losses, operation
// by operation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/faults/trial.h"
#include "engine/model/dataset.h"
#include "tests/reference/naive_inference.h"

namespace netsurf::naive {

/// The lowest index among the largest codes.
int prediction(const std::vector<Wide>& codes, Plant plant = Plant::none);

/// exp(x) for x <= 0 and log(s) for s >= 1 as prescribed: the same bits everywhere.
float exp_prescribed(float x, Plant plant = Plant::none);
float log_prescribed(float s);

float cross_entropy(const Tensor& scored, int label, Plant plant = Plant::none);
float mean_squared_error(const Tensor& scored, std::span<const float> targets, Plant plant = Plant::none);

/// A loss in units of 2^-20, at most 2^40.
int64_t loss_units(float loss, Plant plant = Plant::none);

/// What one trial counts: scored[i] are the faulty codes of sample i, clean[i] those without faults.
TrialOutcome score(const EvaluationSet& set, const std::vector<Tensor>& scored,
                   const std::vector<Tensor>& clean, bool with_loss, Plant plant = Plant::none);

}  // namespace netsurf::naive
