// The float twin of a frozen network: its loss as a smooth function of the real values of its parameters,
// with everything that rounds or chooses held at what the integer network did. At the frozen point its value,
// gradient and Hessian are those of double backpropagation through straight-through quantizers. What every
// layer kind becomes is in docs/gradients.md.
//
// The variables are the elements that have bits in a BitSpace, in its order; vectors over them are [elements]
// in real units (operand x 2^-f). Lanes are rows: [lanes, elements].
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/backend/plain_network.h"
#include "engine/faults/bit_space.h"
#include "engine/model/dataset.h"

namespace netsurf {

enum class Precision : uint8_t { float32, float64 };

struct TwinOptions {
  Precision precision = Precision::float64;
  int num_threads = 0;                    // 0: all cores; never changes a bit of any result
  uint64_t memory = uint64_t{512} << 20;  // bytes of lanes and activations held at once; wide requests are
                                          // cut into passes
};

/// How the curvature of the loss is carried back to the weights.
enum class CurvatureSeeds : uint8_t {
  none,
  exact,    // one pass per output: the diagonal of the Gauss-Newton matrix
  sampled,  // one pass, with labels drawn from the softmax (or signs, for squared errors): its unbiased
            // estimate
};

struct MomentsRequest {
  bool squares = false;  // the mean of squared per-sample gradients
  CurvatureSeeds curvature = CurvatureSeeds::none;
  uint64_t seed = 0;            // of the sampled seeds
  int64_t begin = 0, end = -1;  // samples [begin, end); -1: all
};

struct GradientMoments {
  double loss = 0;                       // mean over the samples
  std::vector<double> gradient;          // [elements], of the mean loss
  std::vector<double> squared_gradient;  // [elements] or empty: mean over the samples of squared gradients
  std::vector<double> curvature;         // [elements] or empty: diagonal of the Gauss-Newton matrix
};

/// How a Hessian-vector product is taken from differences of gradients.
struct DifferenceOptions {
  double step = 1e-4;       // Euclidean length of the step along each direction
  bool richardson = false;  // (4 D(step / 2) - D(step)) / 3
};

/// The step with which differences of gradients in this precision err least.
constexpr double difference_step(Precision precision) {
  return precision == Precision::float32 ? 3e-3 : 1e-4;
}
/// How small residuals of eigenpairs get in it, relative to the largest eigenvalue: EigenOptions::tolerance.
constexpr double eigen_tolerance(Precision precision) {
  return precision == Precision::float32 ? 1e-4 : 1e-6;
}

/// One call at a time: what one computes of the frozen point is kept for the next.
class FloatTwin {
 public:
  virtual ~FloatTwin() = default;

  virtual int64_t num_elements() const = 0;
  /// TwinOptions::num_threads, for who works with its products.
  virtual int num_threads() const = 0;

  /// Freezes the network at these operands (faulty ones, for example) instead of the model's own.
  virtual void freeze_at(ParameterOperands operands) = 0;

  /// Loss, gradient and more at the frozen point, in one pass over the samples.
  virtual GradientMoments moments(const MomentsRequest& request) const = 0;

  /// The twin's losses [lanes] at frozen point + displacement, displacements [lanes, elements].
  virtual std::vector<double> losses_at(std::span<const double> displacements) const = 0;
  /// Its gradients [lanes, elements] there.
  virtual std::vector<double> gradients_at(std::span<const double> displacements) const = 0;

  /// H v for each direction [lanes, elements], by the exact R-operator (Pearlmutter 1994): forward over
  /// reverse.
  virtual std::vector<double> hessian_products(std::span<const double> directions) const = 0;
  /// The same from central differences of the twin's gradient. A direction of length zero gives zero.
  virtual std::vector<double> difference_products(std::span<const double> directions,
                                                  const DifferenceOptions& options) const = 0;

  /// Whether the Gauss-Newton diagonal is the Hessian's: outputs are affine in each single element, because
  /// no parameter belongs to two layers.
  virtual bool diagonal_is_exact() const = 0;
  /// Whether it is, and its pass per output takes less than products with the Hessian (XDiag).
  virtual bool exact_diagonal_pays() const = 0;
};

/// Keeps references to model, space and set. Classification takes the cross-entropy, everything else the mean
/// squared error over the outputs; comparison takes it against the outputs of the model's own codes. Throws
/// InputError where the set has no answers that fit the model, and for an empty set.
std::unique_ptr<FloatTwin> make_float_twin(const Model& model, const BitSpace& space,
                                           const EvaluationSet& set, const TwinOptions& options);

}  // namespace netsurf
