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

constexpr int64_t kSliceLanes = 16;  // between two looks at the watch
constexpr int64_t kLeastSweeps = 3;
// Blocks that block Lanczos holds beside its basis: product, combination and residual.
constexpr int64_t kBlocksBeside = 3;
// Vectors that XTrace and XDiag hold for each product: of half as many, probes, products, basis and images,
// and what becomes one of these.
constexpr int64_t kVectorsPerProduct = 3;

/// Products with the Hessian, counted as far as `expected`.
BlockOperator watched(const FloatTwin& twin, const SpectrumOptions& options, const SpectrumWatch& watch,
                      const char* step, int64_t expected) {
  return [&twin, &options, &watch, step, expected, done = int64_t{0}](std::span<const double> rows) mutable {
    const int64_t n = twin.num_elements();
    std::vector<double> products;
    products.reserve(rows.size());
    while (!rows.empty()) {
      check_stop(watch);
      const auto slice = rows.first(std::min(rows.size(), static_cast<size_t>(kSliceLanes * n)));
      rows = rows.subspan(slice.size());
      const std::vector<double> some = options.differences
                                           ? twin.difference_products(slice, options.difference)
                                           : twin.hessian_products(slice);
      products.insert(products.end(), some.begin(), some.end());
      done += std::ssize(slice) / n;
      if (watch.progress)
        watch.progress(std::min(1.0, static_cast<double>(done) / static_cast<double>(expected)), step);
    }
    return products;
  };
}

/// Throws InputError where `rows` vectors of n numbers are too many.
void check_fits(int64_t rows, int64_t n, uint64_t memory, const char* what) {
  const double bytes = 8.0 * static_cast<double>(rows) * static_cast<double>(n);
  if (bytes <= static_cast<double>(memory)) return;
  throw InputError(std::string("so many ") + what + " need about " +
                   std::to_string(std::llround(bytes / 0x1p30)) + " GiB for vectors of " + std::to_string(n) +
                   " elements, more than the " + std::to_string(memory >> 30) +
                   " GiB that are used; ask for fewer");
}

/// With as many sweeps as fit.
EigenOptions fitting(EigenOptions eigen, int64_t n, uint64_t memory) {
  if (n == 0) throw InputError("the model has no element with bits, so there is no Hessian to measure");
  if (eigen.count > n)
    throw InputError(std::to_string(eigen.count) + " eigenvalues, but the model has " + std::to_string(n) +
                     " elements with bits; ask for at most that many");
  const int64_t block = std::max(eigen.block, eigen.count);
  check_fits((kLeastSweeps + kBlocksBeside) * block, n, memory, "eigenvalues");
  const int64_t rows = static_cast<int64_t>(memory / 8) / n;
  eigen.max_sweeps = static_cast<int>(std::min<int64_t>(eigen.max_sweeps, rows / block - kBlocksBeside));
  return eigen;
}

}  // namespace

Spectrum spectrum_of(const FloatTwin& twin, const SpectrumOptions& options, const SpectrumWatch& watch) {
  const int64_t n = twin.num_elements();
  const EigenOptions eigen = fitting(options.eigen, n, options.memory);
  const int64_t products = std::min(options.products, std::max<int64_t>(4, 2 * n));
  const bool is_estimated = !twin.exact_diagonal_pays();
  if (is_estimated) check_fits(kVectorsPerProduct * products, n, options.memory, "products");
  check_stop(watch);
  Spectrum spectrum;
  spectrum.is_exact = !is_estimated || products >= n;
  MomentsRequest wanted;
  if (!is_estimated) wanted.curvature = CurvatureSeeds::exact;
  GradientMoments moments = twin.moments(wanted);
  spectrum.loss = moments.loss;
  spectrum.gradient_norm = std::sqrt(
      std::inner_product(moments.gradient.begin(), moments.gradient.end(), moments.gradient.begin(), 0.0));
  const int64_t most = std::min(int64_t{eigen.block} * eigen.max_sweeps, n) + eigen.count;
  spectrum.eigen = top_eigenpairs(watched(twin, options, watch, "eigenvalues", most), n, eigen);
  check_stop(watch);
  if (!is_estimated) {
    spectrum.diagonal.diagonal = std::move(moments.curvature);
    spectrum.trace.trace =
        std::accumulate(spectrum.diagonal.diagonal.begin(), spectrum.diagonal.diagonal.end(), 0.0);
    return spectrum;
  }
  const uint64_t seed = options.eigen.seed;
  spectrum.trace =
      xtrace(watched(twin, options, watch, "trace", products), n, products, seed, options.eigen.num_threads);
  spectrum.diagonal = xdiag(watched(twin, options, watch, "diagonal", products), n, products, seed,
                            options.eigen.num_threads);
  return spectrum;
}

}  // namespace netsurf
