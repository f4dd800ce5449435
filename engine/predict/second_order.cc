#include "engine/predict/second_order.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/gradient/estimators.h"
#include "engine/predict/flip_rates.h"
#include "engine/predict/parameter_law.h"

namespace netsurf {
namespace {

// p x energy up to which the model was within an eighth of the measured change of the loss of mnist_fnn
// (docs/predict.md): flips of 0.006 bits per 6-bit weight, nothing protected.
constexpr double kValidEnergy = 1.4e-3;

// Of XDiag, where the exact diagonal does not pay.
constexpr int64_t kProducts = 64;
constexpr uint64_t kSeed = 1;

/// m_i and V_i, and V_i as a share of the squared half range, in the order of the space's elements.
struct ElementSteps {
  std::vector<double> sum, squares, energy;
};

ElementSteps steps_of(const Model& model, const BitSpace& space, const Protection& protection) {
  const std::vector<double> rates = flip_rates(space, 1, protection);
  ElementSteps result;
  for (const BitSpace::Segment& segment : space.segments()) {
    const Parameter& parameter = model.parameters()[static_cast<size_t>(segment.parameter)];
    const double half_range = std::ldexp(0.5, parameter.format.bits - parameter.format.frac_bits());
    for (BitId id = segment.begin; id < segment.end; ++id) {
      const BitAddress at = space.address(id);
      if (at.bit == 0) {
        result.sum.push_back(0);
        result.squares.push_back(0);
        result.energy.push_back(0);
      }
      if (rates[id] == 0) continue;
      const double step = step_of(parameter, parameter.codes[static_cast<size_t>(at.element)], at.bit);
      result.sum.back() += step;
      result.squares.back() += step * step;
      result.energy.back() += step * step / (half_range * half_range);
    }
  }
  return result;
}

}  // namespace

SecondOrderModel::SecondOrderModel(const FloatTwin& twin, const Model& model, const BitSpace& space,
                                   std::span<const Protection> protections) {
  const bool exact_pays = twin.exact_diagonal_pays();
  GradientMoments moments =
      twin.moments({.curvature = exact_pays ? CurvatureSeeds::exact : CurvatureSeeds::none});
  clean_loss_ = moments.loss;
  const int64_t n = twin.num_elements();
  if (!exact_pays && n > 0) {
    const BlockOperator hessian = [&](std::span<const double> rows) { return twin.hessian_products(rows); };
    const int64_t products = std::min(kProducts, std::max<int64_t>(4, 2 * n));
    moments.curvature = xdiag(hessian, n, products, kSeed, twin.num_threads()).diagonal;
  }
  std::vector<double> directions;
  for (const Protection& protection : protections) {
    const ElementSteps steps = steps_of(model, space, protection);
    const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
      return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    };
    SecondOrderTerms terms;
    terms.slope = dot(moments.gradient, steps.sum);
    terms.curvature = dot(moments.curvature, steps.squares);
    terms.energy = std::accumulate(steps.energy.begin(), steps.energy.end(), 0.0) /
                   static_cast<double>(std::max<int64_t>(n, 1));
    terms_.push_back(terms);
    directions.insert(directions.end(), steps.sum.begin(), steps.sum.end());
  }
  const std::vector<double> products = twin.hessian_products(directions);
  for (size_t i = 0; i < products.size(); ++i) {
    terms_[i / static_cast<size_t>(n)].bend += directions[i] * products[i];
  }
}

SecondOrderLoss SecondOrderModel::predict(double bit_error_rate, size_t protection) const {
  const SecondOrderTerms& terms = terms_[protection];
  const double p = bit_error_rate;
  SecondOrderLoss result;
  result.loss = clean_loss_ + p * terms.slope + p * p / 2 * terms.bend + p * (1 - p) / 2 * terms.curvature;
  result.is_valid = p * terms.energy <= kValidEnergy;
  return result;
}

}  // namespace netsurf
