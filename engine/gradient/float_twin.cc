#include "engine/gradient/float_twin.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/backend/check_set.h"
#include "engine/base/error.h"
#include "engine/gradient/lane_loss.h"
#include "engine/gradient/lane_runner.h"
#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

// Images as outputs have millions of passes.
constexpr int kMostPasses = 1024;

/// Samples of a tile: few enough that their activations in all lanes stay near the cores, many enough that
/// products of matrices are long.
int tile_samples(int64_t moving_elements) {
  int samples = 512;
  while (samples > 32 && samples * moving_elements > (int64_t{1} << 17)) samples /= 2;
  return samples;
}

std::vector<bool> varying(const ElementMap& map) {
  std::vector<bool> varies;
  for (int p = 0; p < map.num_parameters(); ++p) varies.push_back(map.has(p));
  return varies;
}

template <typename Real>
class Twin final : public FloatTwin {
 public:
  Twin(const Model& model, const BitSpace& space, const EvaluationSet& set, const TwinOptions& options)
      : options_(options),
        set_(set),
        network_(model),
        map_(model, space),
        frozen_(network_, set),
        loss_(frozen_, set),
        graph_(network_, varying(map_)),
        tiles_(frozen_, set.count, tile_samples(graph_.moving_elements()), options.memory / 4),
        runner_(map_, graph_, tiles_, options.memory),
        all_(model.parameters().size(), true) {
    load_weights();
  }

  int64_t num_elements() const override { return map_.num_elements(); }
  int num_threads() const override { return options_.num_threads; }
  bool diagonal_is_exact() const override { return !graph_.shares_parameters(); }
  bool exact_diagonal_pays() const override {
    return diagonal_is_exact() && loss_.num_outputs() <= kMostPasses;
  }

  void freeze_at(ParameterOperands operands) override {
    const floating::ThreadScope threads(options_.num_threads);
    frozen_.freeze_at(std::move(operands));
    tiles_.clear();
    load_weights();
  }

  GradientMoments moments(const MomentsRequest& request) const override;
  std::vector<double> losses_at(std::span<const double> displacements) const override;
  std::vector<double> gradients_at(std::span<const double> displacements) const override;
  std::vector<double> hessian_products(std::span<const double> directions) const override;
  std::vector<double> difference_products(std::span<const double> directions,
                                          const DifferenceOptions& options) const override;

 private:
  using Tile = FrozenTile<Real>;
  using Slot = LaneSlot<Real>;
  using Weights = LaneWeights<Real>;

  void load_weights();
  int lanes_of(std::span<const double> vectors) const;
  LaneRequest<Real> request_of(std::span<const double> vectors) const;
  void add_differences(double step, double weight, LaneRequest<Real>& request) const;
  const Real* scored(const Tile& tile) const {
    return tile.values[static_cast<size_t>(graph_.scored())].data();
  }
  Real* scored(LaneRows<Real>& rows) const { return rows[static_cast<size_t>(graph_.scored())].data(); }
  void add_curvature(const MomentsRequest& request, const Tile& tile, Slot& slot,
                     std::span<Real* const> squares) const;

  TwinOptions options_;
  const EvaluationSet& set_;
  PlainNetwork network_;
  ElementMap map_;
  FrozenNetwork frozen_;
  LaneLoss loss_;
  LaneGraph<Real> graph_;
  mutable TileStore<Real> tiles_;
  mutable LaneRunner<Real> runner_;
  std::vector<bool> all_;                   // every parameter
  std::vector<std::vector<Real>> tensors_;  // by parameter: the weights of the frozen point
  Weights weights_;
};

template <typename Real>
void Twin<Real>::load_weights() {
  const std::vector<Parameter>& parameters = network_.model().parameters();
  tensors_.resize(parameters.size());
  weights_.resize(parameters.size());
  for (size_t p = 0; p < parameters.size(); ++p) {
    const double step = std::ldexp(1.0, -parameters[p].format.frac_bits());
    tensors_[p].clear();
    for (int32_t operand : frozen_.operands()[p]) tensors_[p].push_back(static_cast<Real>(operand * step));
    weights_[p] = {tensors_[p].data(), 0};
  }
}

template <typename Real>
int Twin<Real>::lanes_of(std::span<const double> vectors) const {
  const int64_t elements = num_elements();
  const auto size = static_cast<int64_t>(vectors.size());
  if (size == 0) return 0;
  if (elements == 0 || size % elements != 0) {
    throw InputError("a block of " + std::to_string(size) + " numbers is no whole number of vectors over " +
                     std::to_string(elements) + " elements");
  }
  return static_cast<int>(size / elements);
}

template <typename Real>
LaneRequest<Real> Twin<Real>::request_of(std::span<const double> vectors) const {
  LaneRequest<Real> request;
  request.lanes = lanes_of(vectors);
  request.end = set_.count;
  request.vectors = vectors;
  return request;
}

template <typename Real>
GradientMoments Twin<Real>::moments(const MomentsRequest& wanted) const {
  const floating::ThreadScope threads(options_.num_threads);
  GradientMoments moments;
  LaneRequest<Real> request;
  request.begin = wanted.begin;
  request.end = wanted.end < 0 ? set_.count : wanted.end;
  if (request.begin < 0 || request.begin >= request.end || request.end > set_.count) {
    throw InputError("samples [" + std::to_string(request.begin) + ", " + std::to_string(request.end) +
                     ") are not some of the set's " + std::to_string(set_.count));
  }
  const auto add_sum = [&](std::vector<double>& sum) {
    sum.assign(static_cast<size_t>(num_elements()), 0);
    request.sums.push_back(sum.data());
    return request.sums.size() - 1;
  };
  add_sum(moments.gradient);
  const size_t squares = wanted.squares ? add_sum(moments.squared_gradient) : 0;
  const size_t curvature = wanted.curvature != CurvatureSeeds::none ? add_sum(moments.curvature) : 0;
  request.row_lanes = {1};
  if (curvature > 0) {
    request.row_lanes.push_back(wanted.curvature == CurvatureSeeds::sampled
                                    ? 1
                                    : std::min(runner_.group_lanes(), loss_.num_outputs()));
  }
  request.losses = &moments.loss;
  const auto tensors_of = [&](LaneTensors<Real>& sums) {
    std::vector<Real*> tensors;
    for (const floating::WeightSums<Real>& sum : sums.sums()) tensors.push_back(sum.data);
    return tensors;
  };
  request.work = [&](const Tile& tile, int, std::span<const Weights>, Slot& slot) {
    LaneRows<Real>& d = slot.rows[0];
    if (!graph_.scored_moves()) {
      loss_.losses(tile.begin, tile.samples, 1, scored(tile), slot.losses.data(),
                   static_cast<Real*>(nullptr));
      return;
    }
    loss_.losses(tile.begin, tile.samples, 1, scored(tile), slot.losses.data(), scored(d));
    graph_.gradients(tile, 1, weights_, nullptr, d, slot.sums[0].sums());
    if (squares > 0) graph_.squares(tile, 1, d, tensors_of(slot.sums[squares]));
    if (curvature > 0) add_curvature(wanted, tile, slot, tensors_of(slot.sums[curvature]));
  };
  runner_.run(request, weights_);
  return moments;
}

template <typename Real>
void Twin<Real>::add_curvature(const MomentsRequest& request, const Tile& tile, Slot& slot,
                               std::span<Real* const> squares) const {
  LaneRows<Real>& d = slot.rows[1];
  if (request.curvature == CurvatureSeeds::sampled) {
    loss_.sampled(tile.begin, tile.samples, scored(tile), request.seed, scored(d));
    graph_.gradients(tile, 1, weights_, nullptr, d, {});
    graph_.squares(tile, 1, d, squares);
    return;
  }
  for (int first = 0; first < loss_.num_outputs(); first += runner_.group_lanes()) {
    const int lanes = std::min(runner_.group_lanes(), loss_.num_outputs() - first);
    loss_.factor(tile.samples, scored(tile), first, lanes, scored(d));
    graph_.gradients(tile, lanes, weights_, nullptr, d, {});
    graph_.squares(tile, lanes, d, squares);
  }
}

template <typename Real>
std::vector<double> Twin<Real>::losses_at(std::span<const double> displacements) const {
  const floating::ThreadScope threads(options_.num_threads);
  LaneRequest<Real> request = request_of(displacements);
  std::vector<double> losses(static_cast<size_t>(request.lanes), 0);
  request.weights = {{.with_frozen = true, .wanted = all_}};
  request.row_lanes = {0};
  request.losses = losses.data();
  request.work = [&](const Tile& tile, int lanes, std::span<const Weights> weights, Slot& slot) {
    LaneRows<Real>& x = slot.rows[0];
    graph_.displaced(tile, lanes, weights_, weights[0], x);
    loss_.losses(tile.begin, tile.samples, lanes, scored(x), slot.losses.data(), static_cast<Real*>(nullptr));
  };
  if (request.lanes > 0) runner_.run(request, weights_);
  return losses;
}

template <typename Real>
std::vector<double> Twin<Real>::gradients_at(std::span<const double> displacements) const {
  const floating::ThreadScope threads(options_.num_threads);
  LaneRequest<Real> request = request_of(displacements);
  std::vector<double> gradients(displacements.size(), 0);
  request.weights = {{.with_frozen = true, .wanted = all_}};
  request.row_lanes = {0, 0};
  request.sums = {gradients.data()};
  request.work = [&](const Tile& tile, int lanes, std::span<const Weights> weights, Slot& slot) {
    LaneRows<Real>&x = slot.rows[0], &d = slot.rows[1];
    graph_.displaced(tile, lanes, weights_, weights[0], x);
    loss_.losses(tile.begin, tile.samples, lanes, scored(x), slot.losses.data(), scored(d));
    graph_.gradients(tile, lanes, weights[0], &x, d, slot.sums[0].sums());
  };
  if (request.lanes > 0) runner_.run(request, weights_);
  return gradients;
}

template <typename Real>
std::vector<double> Twin<Real>::hessian_products(std::span<const double> directions) const {
  const floating::ThreadScope threads(options_.num_threads);
  LaneRequest<Real> request = request_of(directions);
  std::vector<double> products(directions.size(), 0);
  request.weights = {{.wanted = all_}};
  request.row_lanes = {0, 0, 1};
  request.sums = {products.data()};
  request.work = [&](const Tile& tile, int lanes, std::span<const Weights> along, Slot& slot) {
    LaneRows<Real>&rx = slot.rows[0], &rd = slot.rows[1], &d = slot.rows[2];
    double loss = 0;
    loss_.losses(tile.begin, tile.samples, 1, scored(tile), &loss, scored(d));
    graph_.gradients(tile, 1, weights_, nullptr, d, {});
    graph_.tangents(tile, lanes, weights_, along[0], rx);
    loss_.second(tile.samples, lanes, scored(tile), scored(rx), scored(rd));
    graph_.tangent_gradients(tile, lanes, weights_, along[0], rx, d, rd, slot.sums[0].sums());
  };
  if (request.lanes > 0) runner_.run(request, weights_);
  return products;
}

template <typename Real>
std::vector<double> Twin<Real>::difference_products(std::span<const double> directions,
                                                    const DifferenceOptions& options) const {
  if (!(options.step > 0) || !std::isfinite(options.step))
    throw InputError("a difference of gradients needs a step above 0, not " + std::to_string(options.step));
  const floating::ThreadScope threads(options_.num_threads);
  LaneRequest<Real> request = request_of(directions);
  std::vector<double> products(directions.size(), 0);
  request.sums = {products.data()};
  if (options.richardson) {
    add_differences(options.step, -1.0 / 3, request);
    add_differences(options.step / 2, 4.0 / 3, request);
  } else {
    add_differences(options.step, 1, request);
  }
  return products;
}

/// Adds weight x (g(e) - g(-e)) / 2 |e| x |v| along each direction v, with |e| = step.
template <typename Real>
void Twin<Real>::add_differences(double step, double weight, LaneRequest<Real>& request) const {
  const int64_t size = num_elements();
  request.scales.assign(static_cast<size_t>(request.lanes), 0);
  request.sum_scales = request.scales;
  for (size_t lane = 0; lane < request.scales.size(); ++lane) {
    const double* v = request.vectors.data() + static_cast<int64_t>(lane) * size;
    const double length = std::sqrt(std::inner_product(v, v + size, v, 0.0));
    if (length == 0) continue;
    request.scales[lane] = step / length;
    request.sum_scales[lane] = weight * length / (2 * step);
  }
  request.weights = {{.wanted = graph_.lower()},
                     {.with_frozen = true, .wanted = graph_.upper()},
                     {.with_frozen = true, .sign = -1, .wanted = graph_.upper()}};
  request.row_lanes = {0, 0, 0, 0};
  request.work = [&](const Tile& tile, int lanes, std::span<const Weights> weights, Slot& slot) {
    LaneRows<Real>&x_plus = slot.rows[0], &x_minus = slot.rows[1], &d_plus = slot.rows[2],
    &d_minus = slot.rows[3];
    graph_.displaced_both_ways(tile, lanes, weights_, weights[0], weights[1], weights[2], x_plus, x_minus);
    double* losses = slot.losses.data();
    loss_.losses(tile.begin, tile.samples, lanes, scored(x_plus), losses, scored(d_plus));
    loss_.losses(tile.begin, tile.samples, lanes, scored(x_minus), losses, scored(d_minus));
    Real* seeds = scored(d_minus);
    for (int64_t i = 0; i < int64_t{tile.samples} * lanes * loss_.num_outputs(); ++i) seeds[i] = -seeds[i];
    graph_.difference_of_gradients(tile, lanes, weights[1], weights[2], x_plus, x_minus, d_plus, d_minus,
                                   slot.sums[0].sums());
  };
  if (request.lanes > 0) runner_.run(request, weights_);
}

}  // namespace

std::unique_ptr<FloatTwin> make_float_twin(const Model& model, const BitSpace& space,
                                           const EvaluationSet& set, const TwinOptions& options) {
  check_set(model, set);
  const floating::ThreadScope threads(options.num_threads);
  if (options.precision == Precision::float32)
    return std::make_unique<Twin<float>>(model, space, set, options);
  return std::make_unique<Twin<double>>(model, space, set, options);
}

}  // namespace netsurf
