// What the validation split decides while training goes on: which epoch was best, when to stop, when to slow
// down.
#pragma once

#include "engine/model/benchmark.h"

namespace netsurf {

class ValidationWatch {
 public:
  /// Judges from `first_epoch` on: a network that is still being pruned or unfolded cannot be the best one.
  ValidationWatch(const Benchmark& benchmark, int first_epoch);

  struct Verdict {
    bool is_best = false;
    bool stop = false;
    double rate_factor = 1;  // multiply the learning rate by this
  };
  /// REQUIRES: epochs in order, finite numbers.
  Verdict judge(int epoch, double loss, double accuracy);

  bool needs_validation() const { return patience_ > 0 || plateau_patience_ > 0; }
  bool restores_best() const { return patience_ > 0; }
  int best_epoch() const { return best_epoch_; }

 private:
  Monitor monitor_;
  int first_epoch_, patience_, plateau_patience_;
  double plateau_factor_;
  int best_epoch_ = -1;
  int since_best_ = 0, since_plateau_ = 0;
  double best_ = 0;
};

}  // namespace netsurf
