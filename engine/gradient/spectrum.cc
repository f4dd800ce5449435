#include "engine/gradient/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/base/error.h"

namespace netsurf {
namespace {

void check_stop(const SpectrumWatch& watch) {
  if (watch.stop != nullptr && *watch.stop) throw RunError("stopped before the Hessian was measured");
}

/// Products with the Hessian, counted as far as `expected`.
BlockOperator watched(const FloatTwin& twin, const SpectrumOptions& options, const SpectrumWatch& watch,
                      const char* step, int64_t expected) {
  return [&twin, &options, &watch, step, expected, done = int64_t{0}](std::span<const double> rows) mutable {
    check_stop(watch);
    std::vector<double> products = options.differences ? twin.difference_products(rows, options.difference)
                                                       : twin.hessian_products(rows);
    done += std::ssize(rows) / twin.num_elements();
    if (watch.progress)
      watch.progress(std::min(1.0, static_cast<double>(done) / static_cast<double>(expected)), step);
    return products;
  };
}

}  // namespace

Spectrum spectrum_of(const FloatTwin& twin, const SpectrumOptions& options, const SpectrumWatch& watch) {
  const int64_t n = twin.num_elements();
  if (options.eigen.count > n)
    throw InputError(std::to_string(options.eigen.count) + " eigenvalues, but the model has " +
                     std::to_string(n) + " elements with bits; ask for at most that many");
  Spectrum spectrum;
  spectrum.is_exact = twin.exact_diagonal_pays();
  MomentsRequest wanted;
  if (spectrum.is_exact) wanted.curvature = CurvatureSeeds::exact;
  GradientMoments moments = twin.moments(wanted);
  spectrum.loss = moments.loss;
  spectrum.gradient_norm = std::sqrt(
      std::inner_product(moments.gradient.begin(), moments.gradient.end(), moments.gradient.begin(), 0.0));
  const int64_t sweeps = int64_t{options.eigen.block} * options.eigen.max_sweeps;
  spectrum.eigen = top_eigenpairs(watched(twin, options, watch, "eigenvalues", sweeps), n, options.eigen);
  check_stop(watch);
  if (spectrum.is_exact) {
    spectrum.diagonal.diagonal = std::move(moments.curvature);
    spectrum.trace.trace =
        std::accumulate(spectrum.diagonal.diagonal.begin(), spectrum.diagonal.diagonal.end(), 0.0);
    return spectrum;
  }
  const int64_t products = std::min(options.products, std::max<int64_t>(4, 2 * n));
  const uint64_t seed = options.eigen.seed;
  spectrum.trace =
      xtrace(watched(twin, options, watch, "trace", products), n, products, seed, options.eigen.num_threads);
  spectrum.diagonal = xdiag(watched(twin, options, watch, "diagonal", products), n, products, seed,
                            options.eigen.num_threads);
  return spectrum;
}

}  // namespace netsurf
