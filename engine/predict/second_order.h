// The loss under faults from its gradient and curvature alone: exact to second order in the changes of the
// weights, so right where faults are few and small, and wrong in a known direction (too low) where they are
// not. Says where that is.
#pragma once

#include <span>
#include <vector>

#include "engine/faults/trial.h"
#include "engine/gradient/float_twin.h"

namespace netsurf {

/// With m_i and V_i the sums of steps and of squared steps of element i's unprotected bits, at one
/// protection.
struct SecondOrderTerms {
  double slope = 0;      // g . m
  double bend = 0;       // m . H m
  double curvature = 0;  // sum of H_ii V_i
  double energy = 0;     // mean over the elements of V_i / (half of the format's range)^2
};

struct SecondOrderLoss {
  double loss = 0;
  bool is_valid = false;  // within an eighth of the change of the loss where it was measured
};

class SecondOrderModel {
 public:
  /// Takes one pass for gradient and curvature, and one product for each protection. `twin` is that of model
  /// and space.
  SecondOrderModel(const FloatTwin& twin, const Model& model, const BitSpace& space,
                   std::span<const Protection> protections);

  double clean_loss() const { return clean_loss_; }
  /// By protection, in the order given.
  const std::vector<SecondOrderTerms>& terms() const { return terms_; }
  /// loss + p g.m + p^2 / 2 m.Hm + p (1 - p) / 2 sum H_ii V_i. REQUIRES: the rate lies in [0, 1].
  SecondOrderLoss predict(double bit_error_rate, size_t protection) const;

 private:
  double clean_loss_ = 0;
  std::vector<SecondOrderTerms> terms_;
};

}  // namespace netsurf
