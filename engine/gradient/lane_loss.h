// The loss of the scored values, its first and second derivatives, and factors of the second one. Values are
// those of the scored layer, code x 2^-F; the loss reads them times the layer's unit. Per sample: the mean
// over the set is for the caller to take.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/gradient/frozen_tile.h"
#include "engine/model/dataset.h"

namespace netsurf {

class LaneLoss {
 public:
  /// Keeps a reference to the set. `network` gives the clean outputs that a comparison is with.
  LaneLoss(const FrozenNetwork& network, const EvaluationSet& set);

  int num_outputs() const { return outputs_; }
  bool classifies() const { return set_.task == Task::classification; }

  /// losses[lane] += the losses of samples [begin, begin + samples), z [samples, lanes, outputs]; d unless
  /// null: their derivatives, of z's shape.
  template <typename Real>
  void losses(int64_t begin, int samples, int lanes, const Real* z, double* losses, Real* d) const;

  /// rd = second derivative x rz; z [samples, outputs], rz and rd [samples, lanes, outputs].
  template <typename Real>
  void second(int samples, int lanes, const Real* z, const Real* rz, Real* rd) const;

  /// Columns [first, first + count) of a factor S of the second derivative, which is S S^T: s [samples,
  /// count, outputs].
  template <typename Real>
  void factor(int samples, const Real* z, int first, int count, Real* s) const;

  /// One random vector per sample, s [samples, outputs], of which the mean of s s^T is the second derivative.
  /// It depends on seed, sample and values alone.
  template <typename Real>
  void sampled(int64_t begin, int samples, const Real* z, uint64_t seed, Real* s) const;

 private:
  const EvaluationSet& set_;
  int outputs_;
  double unit_;
  std::vector<double> answers_;  // [samples, outputs] of a comparison, times unit
};

}  // namespace netsurf
