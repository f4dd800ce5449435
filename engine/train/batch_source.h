// Samples on their way into a network, and the loss of what comes out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/model/benchmark.h"
#include "engine/model/dataset.h"
#include "engine/train/network.h"

namespace netsurf {

/// Throws InputError, naming `what` ("train"), unless the samples have the benchmark's input shape, and
/// labels or targets that fit a network of `outputs` outputs.
void check_samples(const Benchmark& benchmark, const Samples& samples, int64_t outputs,
                   std::string_view what);

/// Gathers rows of samples, with their labels or targets. `benchmark` and `samples` must outlive it.
/// REQUIRES: check_samples.
class BatchSource {
 public:
  BatchSource(const Benchmark& benchmark, const Samples& samples, int64_t outputs)
      : benchmark_(benchmark), samples_(samples), outputs_(outputs), size_(samples.sample_size()) {}

  /// Puts samples rows[0 .. batch) into the network's input and remembers what they should give.
  void load(Network& network, const int64_t* rows, int batch);

  /// Mean loss of the loaded batch after its forward pass; the loss gradient goes into the network when
  /// `with_gradient`. Counts the samples whose largest output is the right one into *correct (0 without
  /// labels).
  double loss(Network& network, int batch, bool with_gradient, double logit_scale, int64_t* correct) const;

 private:
  void load_targets(const int64_t* rows, int batch);

  const Benchmark& benchmark_;
  const Samples& samples_;
  int64_t outputs_, size_;
  std::vector<int32_t> labels_;  // of the loaded batch, for cross-entropy
  std::vector<float> targets_;   // of the loaded batch, for mean squared error [batch, outputs]
};

}  // namespace netsurf
