// One step of gradient descent on the master values.
#pragma once

#include <vector>

#include "engine/model/benchmark.h"
#include "engine/train/network.h"

namespace netsurf {

class Optimizer {
 public:
  Optimizer(OptimizerKind kind, double momentum) : kind_(kind), momentum_(momentum) {}

  /// Adds L1 and L2, moves every tensor by learning_rate times its own rate, clips to its range, holds pruned
  /// elements at zero. Adam: decay 0.9 and 0.999, epsilon 1e-7, bias corrected.
  void step(std::vector<Tensor>& tensors, double learning_rate);

  /// Forgets the moments; for a network whose tensors changed.
  void reset();

 private:
  OptimizerKind kind_;
  double momentum_;
  long steps_ = 0;
  std::vector<std::vector<float>> first_, second_;
};

/// l1 |w| + l2 w^2, summed over all kernels: what the loss carries on top.
double regularization(const std::vector<Tensor>& tensors);

}  // namespace netsurf
