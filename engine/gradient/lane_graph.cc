#include "engine/gradient/lane_graph.h"

#include <algorithm>

namespace netsurf {
namespace {

template <typename Real>
floating::WeightsOf<Real> weights_of(const LaneWeights<Real>& weights, int parameter) {
  return parameter < 0 ? floating::WeightsOf<Real>{} : weights[static_cast<size_t>(parameter)];
}

}  // namespace

template <typename Real>
LaneGraph<Real>::LaneGraph(const PlainNetwork& network, std::vector<bool> varies)
    : network_(network),
      varies_(std::move(varies)),
      uses_(varies_.size()),
      lower_(varies_.size(), false),
      upper_(varies_.size(), false) {
  const Model& model = network.model();
  for (int i = 0; i < static_cast<int>(model.layers().size()); ++i) {
    const Layer& layer = model.layers()[static_cast<size_t>(i)];
    layers_.push_back(make_twin_layer<Real>(model, i));
    elements_.push_back(model.type(i).elements());
    std::vector<int>& from = inputs_.emplace_back();
    for (int input : layer.inputs) from.push_back(network.buffer_of(input));
    const bool moves_before = input_moves(i);
    bool moves_here = moves_before;
    const auto add_use = [&](int parameter, bool is_kernel) {
      if (!this->varies(parameter)) return;
      moves_here = true;
      (moves_before ? upper_ : lower_)[static_cast<size_t>(parameter)] = true;
      std::vector<Use>& uses = uses_[static_cast<size_t>(parameter)];
      shares_parameters_ = shares_parameters_ || (!uses.empty() && uses.back().layer != i);
      uses.push_back({i, is_kernel});
    };
    if (layers_.back() != nullptr) {
      add_use(layers_.back()->kernel(), true);
      add_use(layers_.back()->shift(), false);
    }
    moves_.push_back(moves_here);
  }
}

template <typename Real>
int64_t LaneGraph<Real>::moving_elements() const {
  int64_t sum = 0;
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    if (layers_[static_cast<size_t>(i)] != nullptr && moves(i)) sum += elements(i);
  }
  return sum;
}

template <typename Real>
bool LaneGraph<Real>::input_moves(int layer) const {
  const std::vector<int>& from = inputs(layer);
  return std::any_of(from.begin(), from.end(), [&](int buffer) { return moves(buffer); });
}

template <typename Real>
void LaneGraph<Real>::shape_rows(int64_t rows, LaneRows<Real>& shaped) const {
  shaped.resize(layers_.size());
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    if (layers_[static_cast<size_t>(i)] != nullptr && moves(i))
      shaped[static_cast<size_t>(i)].resize(static_cast<size_t>(rows * elements(i)));
  }
}

template <typename Real>
LayerSite<Real> LaneGraph<Real>::site(const FrozenTile<Real>& tile, int lanes, int layer,
                                      int64_t first_sample) const {
  const FrozenChoices<Real>& choices = tile.choices[static_cast<size_t>(layer)];
  const int64_t first = first_sample * elements(layer);
  Site here{{tile.samples, lanes}};
  if (!choices.slopes.empty()) here.slopes = choices.slopes.data() + first;
  if (!choices.places.empty()) here.places = choices.places.data() + first;
  const floating::SparseMatrix<Real>& sparse = tile.sparse[static_cast<size_t>(inputs(layer)[0])];
  if (sparse.is_sparse()) here.sparse = &sparse;
  return here;
}

template <typename Real>
floating::RowsOf<Real> LaneGraph<Real>::values(const FrozenTile<Real>& tile, int layer) const {
  return {tile.values[static_cast<size_t>(layer)].data(), false};
}

template <typename Real>
void LaneGraph<Real>::clear(const FrozenTile<Real>& tile, int lanes, int layer, LaneRows<Real>& rows) const {
  std::fill_n(rows[static_cast<size_t>(layer)].begin(), int64_t{tile.samples} * lanes * elements(layer),
              Real{0});
}

template <typename Real>
void LaneGraph<Real>::clear_inner(const FrozenTile<Real>& tile, int lanes, LaneRows<Real>& rows) const {
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    if (layers_[static_cast<size_t>(i)] != nullptr && moves(i) && i != scored()) clear(tile, lanes, i, rows);
  }
}

template <typename Real>
void LaneGraph<Real>::add_residual(const FrozenTile<Real>& tile, int lanes, const Weights& frozen, int layer,
                                   Real* y) const {
  const TwinLayer<Real>& twin = *layers_[static_cast<size_t>(layer)];
  const Site alone = site(tile, 1, layer);
  const int64_t size = elements(layer), count = tile.samples * size;
  std::vector<Real> plain(static_cast<size_t>(count), Real{0});
  const int from = inputs(layer)[0];
  if (moves(from)) twin.apply(alone, 0, {}, values(tile, from), plain.data());
  if (varies(twin.shift())) twin.apply_shift(alone, weights_of(frozen, twin.shift()), plain.data());
  const Real* y0 = values(tile, layer).data;
  for (int64_t n = 0; n < tile.samples; ++n) {
    for (int lane = 0; lane < lanes; ++lane) {
      Real* row = y + (n * lanes + lane) * size;
      for (int64_t i = 0; i < size; ++i)
        row[i] += y0[n * size + i] - plain[static_cast<size_t>(n * size + i)];
    }
  }
}

template <typename Real>
void LaneGraph<Real>::displace(const FrozenTile<Real>& tile, int lanes, const Weights& frozen,
                               const Weights& weights, int layer, LaneRows<Real>& x) const {
  const TwinLayer<Real>& twin = *layers_[static_cast<size_t>(layer)];
  const Site here = site(tile, lanes, layer);
  clear(tile, lanes, layer, x);
  Real* y = x[static_cast<size_t>(layer)].data();
  if (twin.holds_residual()) add_residual(tile, lanes, frozen, layer, y);
  for (size_t j = 0; j < inputs(layer).size(); ++j) {
    const int from = inputs(layer)[j];
    if (twin.holds_residual() && !moves(from)) continue;  // the residual holds all of it
    const Rows in = moves(from) ? Rows{x[static_cast<size_t>(from)].data(), true} : values(tile, from);
    twin.apply(here, static_cast<int>(j), weights_of(weights, twin.kernel()), in, y);
  }
  if (twin.shift() >= 0 && (varies(twin.shift()) || !twin.holds_residual()))
    twin.apply_shift(here, weights_of(weights, twin.shift()), y);
}

template <typename Real>
void LaneGraph<Real>::displaced(const FrozenTile<Real>& tile, int lanes, const Weights& frozen,
                                const Weights& weights, LaneRows<Real>& x) const {
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    if (layers_[static_cast<size_t>(i)] != nullptr && moves(i)) displace(tile, lanes, frozen, weights, i, x);
  }
}

template <typename Real>
void LaneGraph<Real>::displaced_both_ways(const FrozenTile<Real>& tile, int lanes, const Weights& frozen,
                                          const Weights& directions, const Weights& plus,
                                          const Weights& minus, LaneRows<Real>& x_plus,
                                          LaneRows<Real>& x_minus) const {
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    if (layers_[static_cast<size_t>(i)] == nullptr || !moves(i)) continue;
    if (input_moves(i)) {
      displace(tile, lanes, frozen, plus, i, x_plus);
      displace(tile, lanes, frozen, minus, i, x_minus);
      continue;
    }
    clear(tile, lanes, i, x_plus);
    Real *up = x_plus[static_cast<size_t>(i)].data(), *down = x_minus[static_cast<size_t>(i)].data();
    apply_directions(tile, lanes, directions, i, up);
    const Real* y0 = values(tile, i).data;
    const int64_t size = elements(i);
    for (int64_t n = 0; n < tile.samples; ++n, y0 += size) {
      for (int lane = 0; lane < lanes; ++lane, up += size, down += size) {
        for (int64_t k = 0; k < size; ++k) {
          down[k] = y0[k] - up[k];
          up[k] += y0[k];
        }
      }
    }
  }
}

template <typename Real>
void LaneGraph<Real>::apply_directions(const FrozenTile<Real>& tile, int lanes, const Weights& directions,
                                       int layer, Real* y) const {
  const TwinLayer<Real>& twin = *layers_[static_cast<size_t>(layer)];
  const Site here = site(tile, lanes, layer);
  if (varies(twin.kernel()))
    twin.apply(here, 0, weights_of(directions, twin.kernel()), values(tile, inputs(layer)[0]), y);
  if (varies(twin.shift())) twin.apply_shift(here, weights_of(directions, twin.shift()), y);
}

template <typename Real>
void LaneGraph<Real>::to_inputs(const FrozenTile<Real>& tile, int lanes, const Weights& weights, int layer,
                                LaneRows<Real>& d) const {
  const TwinLayer<Real>& twin = *layers_[static_cast<size_t>(layer)];
  const Site here = site(tile, lanes, layer);
  const Rows dy{d[static_cast<size_t>(layer)].data(), true};
  for (size_t j = 0; j < inputs(layer).size(); ++j) {
    const int from = inputs(layer)[j];
    if (moves(from)) {
      twin.to_input(here, static_cast<int>(j), weights_of(weights, twin.kernel()), dy,
                    d[static_cast<size_t>(from)].data());
    }
  }
}

template <typename Real>
void LaneGraph<Real>::difference_of_gradients(const FrozenTile<Real>& tile, int lanes, const Weights& plus,
                                              const Weights& minus, const LaneRows<Real>& x_plus,
                                              const LaneRows<Real>& x_minus, LaneRows<Real>& d_plus,
                                              LaneRows<Real>& d_minus, const Sums& sums) const {
  clear_inner(tile, lanes, d_plus);
  clear_inner(tile, lanes, d_minus);
  for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
    const TwinLayer<Real>* twin = layers_[static_cast<size_t>(i)].get();
    if (twin == nullptr || !moves(i)) continue;
    const Site here = site(tile, lanes, i);
    to_inputs(tile, lanes, plus, i, d_plus);
    to_inputs(tile, lanes, minus, i, d_minus);
    Real *up = d_plus[static_cast<size_t>(i)].data(), *down = d_minus[static_cast<size_t>(i)].data();
    const bool has_kernel = varies(twin->kernel());
    const auto from = static_cast<size_t>(inputs(i)[0]);
    if (has_kernel && input_moves(i)) {
      const floating::WeightSums<Real> sum = sums[static_cast<size_t>(twin->kernel())];
      twin->to_kernel(here, {up, true}, {x_plus[from].data(), true}, sum);
      twin->to_kernel(here, {down, true}, {x_minus[from].data(), true}, sum);
    }
    // What else the two sides meet is the same for both.
    const int64_t count = here.shape.rows() * elements(i);
    for (int64_t k = 0; k < count; ++k) up[k] += down[k];
    if (has_kernel && !input_moves(i))
      twin->to_kernel(here, {up, true}, values(tile, inputs(i)[0]),
                      sums[static_cast<size_t>(twin->kernel())]);
    if (varies(twin->shift())) twin->to_shift(here, {up, true}, sums[static_cast<size_t>(twin->shift())]);
  }
}

template <typename Real>
void LaneGraph<Real>::gradients(const FrozenTile<Real>& tile, int lanes, const Weights& weights,
                                const LaneRows<Real>* x, LaneRows<Real>& d, const Sums& sums) const {
  clear_inner(tile, lanes, d);
  for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
    const TwinLayer<Real>* twin = layers_[static_cast<size_t>(i)].get();
    if (twin == nullptr || !moves(i)) continue;
    const Site here = site(tile, lanes, i);
    const Rows dy{d[static_cast<size_t>(i)].data(), true};
    to_inputs(tile, lanes, weights, i, d);
    if (sums.empty()) continue;
    if (varies(twin->kernel())) {
      const int from = inputs(i)[0];
      const bool own = x != nullptr && moves(from);
      const Rows in = own ? Rows{(*x)[static_cast<size_t>(from)].data(), true} : values(tile, from);
      twin->to_kernel(here, dy, in, sums[static_cast<size_t>(twin->kernel())]);
    }
    if (varies(twin->shift())) twin->to_shift(here, dy, sums[static_cast<size_t>(twin->shift())]);
  }
}

template <typename Real>
void LaneGraph<Real>::tangents(const FrozenTile<Real>& tile, int lanes, const Weights& frozen,
                               const Weights& directions, LaneRows<Real>& rx) const {
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    const TwinLayer<Real>* twin = layers_[static_cast<size_t>(i)].get();
    if (twin == nullptr || !moves(i)) continue;
    const Site here = site(tile, lanes, i);
    clear(tile, lanes, i, rx);
    Real* y = rx[static_cast<size_t>(i)].data();
    for (size_t j = 0; j < inputs(i).size(); ++j) {
      const int from = inputs(i)[j];
      if (moves(from)) {
        twin->apply(here, static_cast<int>(j), weights_of(frozen, twin->kernel()),
                    {rx[static_cast<size_t>(from)].data(), true}, y);
      }
    }
    apply_directions(tile, lanes, directions, i, y);
  }
}

template <typename Real>
void LaneGraph<Real>::tangent_gradients(const FrozenTile<Real>& tile, int lanes, const Weights& frozen,
                                        const Weights& directions, const LaneRows<Real>& rx,
                                        const LaneRows<Real>& d, LaneRows<Real>& rd, const Sums& sums) const {
  clear_inner(tile, lanes, rd);
  for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
    const TwinLayer<Real>* twin = layers_[static_cast<size_t>(i)].get();
    if (twin == nullptr || !moves(i)) continue;
    const Site here = site(tile, lanes, i);
    const Rows rdy{rd[static_cast<size_t>(i)].data(), true};
    const Rows dy{d[static_cast<size_t>(i)].data(), false};
    for (size_t j = 0; j < inputs(i).size(); ++j) {
      const auto from = static_cast<size_t>(inputs(i)[j]);
      if (!moves(inputs(i)[j])) continue;
      const auto input = static_cast<int>(j);
      twin->to_input(here, input, weights_of(frozen, twin->kernel()), rdy, rd[from].data());
      if (varies(twin->kernel()))
        twin->to_input(here, input, weights_of(directions, twin->kernel()), dy, rd[from].data());
    }
    if (varies(twin->kernel())) {
      const int from = inputs(i)[0];
      const floating::WeightSums<Real> sum = sums[static_cast<size_t>(twin->kernel())];
      twin->to_kernel(here, rdy, values(tile, from), sum);
      if (moves(from)) twin->to_kernel(here, dy, {rx[static_cast<size_t>(from)].data(), true}, sum);
    }
    if (varies(twin->shift())) twin->to_shift(here, rdy, sums[static_cast<size_t>(twin->shift())]);
  }
}

template <typename Real>
void LaneGraph<Real>::squares(const FrozenTile<Real>& tile, int lanes, const LaneRows<Real>& d,
                              std::span<Real* const> squares) const {
  for (size_t p = 0; p < uses_.size(); ++p) {
    if (uses_[p].empty()) continue;
    if (uses_[p].size() > 1) {
      squares_of_shared(tile, lanes, d, static_cast<int>(p), squares[p]);
      continue;
    }
    const auto [layer, is_kernel] = uses_[p].front();
    const Site here = site(tile, lanes, layer);
    const TwinLayer<Real>& twin = *layers_[static_cast<size_t>(layer)];
    const Rows dy{d[static_cast<size_t>(layer)].data(), true};
    if (is_kernel) {
      twin.kernel_squares(here, dy, values(tile, inputs(layer)[0]).data, squares[p]);
    } else {
      twin.shift_squares(here, dy, squares[p]);
    }
  }
}

// The gradients of the uses add up before they are squared, so they are formed, one sample at a time.
template <typename Real>
void LaneGraph<Real>::squares_of_shared(const FrozenTile<Real>& tile, int lanes, const LaneRows<Real>& d,
                                        int parameter, Real* squares) const {
  const auto p = static_cast<size_t>(parameter);
  const auto size = static_cast<int64_t>(network_.model().parameters()[p].codes.size());
  std::vector<Real> gradients(static_cast<size_t>(lanes * size));
  for (int64_t n = 0; n < tile.samples; ++n) {
    std::fill(gradients.begin(), gradients.end(), Real{0});
    const floating::WeightSums<Real> sums{gradients.data(), size};
    for (const Use& use : uses_[p]) {
      Site here = site(tile, lanes, use.layer, n);
      here.shape.samples = 1;
      here.sparse = nullptr;
      const TwinLayer<Real>& twin = *layers_[static_cast<size_t>(use.layer)];
      const Rows dy{d[static_cast<size_t>(use.layer)].data() + n * lanes * elements(use.layer), true};
      if (use.is_kernel) {
        const int from = inputs(use.layer)[0];
        twin.to_kernel(here, dy, {values(tile, from).data + n * elements(from), false}, sums);
      } else {
        twin.to_shift(here, dy, sums);
      }
    }
    for (int64_t i = 0; i < lanes * size; ++i)
      squares[i % size] += gradients[static_cast<size_t>(i)] * gradients[static_cast<size_t>(i)];
  }
}

template class LaneGraph<float>;
template class LaneGraph<double>;

}  // namespace netsurf
