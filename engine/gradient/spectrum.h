// How the loss curves at a network's own weights: leading eigenvalues of the Hessian, its trace and diagonal.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/gradient/eigenpairs.h"
#include "engine/gradient/estimators.h"
#include "engine/gradient/float_twin.h"

namespace netsurf {

struct SpectrumOptions {
  EigenOptions eigen;
  int64_t products = 128;               // of the trace and of the diagonal each, where they are estimated
  bool differences = false;             // products from differences of gradients, not from the R-operator
  DifferenceOptions difference;         // their step
  uint64_t memory = uint64_t{4} << 30;  // bytes of vectors held at once: the search ends sooner for it, and
                                        // what does not fit is refused
};

/// How far it is, in [0, 1], and at what; and whether to go on.
struct SpectrumWatch {
  std::function<void(double done, const char* step)> progress = nullptr;
  const std::atomic<bool>* stop = nullptr;  // when it becomes true, RunError
};

struct Spectrum {
  double loss = 0;           // mean over the samples
  double gradient_norm = 0;  // Euclidean, of the mean loss
  Eigenpairs eigen;
  bool is_exact = false;  // trace and diagonal are: by the Gauss-Newton identity, or from n products on
  TraceEstimate trace;
  DiagonalEstimate diagonal;
};

/// Of the twin's Hessian at its frozen point. Throws InputError for a model without elements, more
/// eigenvalues than elements, what does not fit in memory, or as xtrace; RunError when a product is not
/// finite or the watch says stop.
Spectrum spectrum_of(const FloatTwin& twin, const SpectrumOptions& options, const SpectrumWatch& watch);

}  // namespace netsurf
