// The layers of the float twin as passes over one tile of samples, for many lanes at once: forward with
// displaced weights, backward, and the two of the R-operator. docs/gradients.md has the formulas.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/gradient/twin_layer.h"

namespace netsurf {

/// By layer: rows [samples, lanes, elements] of what moves with the variables; empty where nothing does.
template <typename Real>
using LaneRows = std::vector<std::vector<Real>>;

/// By parameter; null data where the parameter takes no part.
template <typename Real>
using LaneWeights = std::vector<floating::WeightsOf<Real>>;
template <typename Real>
using LaneSums = std::vector<floating::WeightSums<Real>>;

template <typename Real>
class LaneGraph {
 public:
  using Weights = LaneWeights<Real>;
  using Sums = LaneSums<Real>;

  /// `varies` says of each parameter whether any of its elements is a variable. Keeps a reference to the
  /// network.
  LaneGraph(const PlainNetwork& network, std::vector<bool> varies);

  /// The layer whose buffer holds the scored values.
  int scored() const { return network_.scored_buffer(); }
  int64_t elements(int layer) const { return elements_[static_cast<size_t>(layer)]; }
  /// Whether the scored values depend on any variable.
  bool scored_moves() const { return moves(scored()); }
  /// Elements of one row of all buffers that move.
  int64_t moving_elements() const;
  /// Makes room for so many rows of every buffer that moves.
  void shape_rows(int64_t rows, LaneRows<Real>& shaped) const;
  /// Whether some parameter with variables belongs to two layers.
  bool shares_parameters() const { return shares_parameters_; }
  /// By parameter: whether a layer multiplies or moves with it whose inputs stay still, or whose inputs move.
  const std::vector<bool>& lower() const { return lower_; }
  const std::vector<bool>& upper() const { return upper_; }

  /// x of every lane with weights of its own. `frozen` are the frozen point's weights.
  void displaced(const FrozenTile<Real>& tile, int lanes, const Weights& frozen, const Weights& weights,
                 LaneRows<Real>& x) const;

  /// From the seeds in d[scored()]: d of every layer, and its gradients added to `sums`. x are the lanes' own
  /// values, or null for those of the tile, which all lanes share.
  void gradients(const FrozenTile<Real>& tile, int lanes, const Weights& weights, const LaneRows<Real>* x,
                 LaneRows<Real>& d, const Sums& sums) const;

  /// x of every lane on both sides of the frozen point. Where nothing moves upstream the two are y0 plus and
  /// minus one and the same product; `directions` are read by the lower() parameters, `plus` and `minus`
  /// (frozen weights plus and minus directions) by the upper() ones.
  void displaced_both_ways(const FrozenTile<Real>& tile, int lanes, const Weights& frozen,
                           const Weights& directions, const Weights& plus, const Weights& minus,
                           LaneRows<Real>& x_plus, LaneRows<Real>& x_minus) const;
  /// From the seeds of one side in d_plus and the negative ones of the other in d_minus: the difference of
  /// both sides' gradients, added to `sums`.
  void difference_of_gradients(const FrozenTile<Real>& tile, int lanes, const Weights& plus,
                               const Weights& minus, const LaneRows<Real>& x_plus,
                               const LaneRows<Real>& x_minus, LaneRows<Real>& d_plus, LaneRows<Real>& d_minus,
                               const Sums& sums) const;

  /// R(x) along each lane's direction.
  void tangents(const FrozenTile<Real>& tile, int lanes, const Weights& frozen, const Weights& directions,
                LaneRows<Real>& rx) const;

  /// From the seeds in rd[scored()], and d as gradients() left it for one lane: R of the gradients, added to
  /// `sums`.
  void tangent_gradients(const FrozenTile<Real>& tile, int lanes, const Weights& frozen,
                         const Weights& directions, const LaneRows<Real>& rx, const LaneRows<Real>& d,
                         LaneRows<Real>& rd, const Sums& sums) const;

  /// squares[parameter] += the sum over samples and lanes of the squared gradients that d, as gradients()
  /// left it, stands for; x is the tile's.
  void squares(const FrozenTile<Real>& tile, int lanes, const LaneRows<Real>& d,
               std::span<Real* const> squares) const;

 private:
  using Rows = floating::RowsOf<Real>;
  using Site = LayerSite<Real>;

  /// One use of a parameter.
  struct Use {
    int layer = 0;
    bool is_kernel = false;
  };

  bool moves(int buffer) const { return moves_[static_cast<size_t>(buffer)]; }
  bool varies(int parameter) const { return parameter >= 0 && varies_[static_cast<size_t>(parameter)]; }
  const std::vector<int>& inputs(int layer) const { return inputs_[static_cast<size_t>(layer)]; }
  Site site(const FrozenTile<Real>& tile, int lanes, int layer, int64_t first_sample = 0) const;
  Rows values(const FrozenTile<Real>& tile, int layer) const;
  bool input_moves(int layer) const;
  /// y of one layer, of every lane with weights of its own.
  void displace(const FrozenTile<Real>& tile, int lanes, const Weights& frozen, const Weights& weights,
                int layer, LaneRows<Real>& x) const;
  /// y += what the layer's own weights add to its values that stay still.
  void apply_directions(const FrozenTile<Real>& tile, int lanes, const Weights& directions, int layer,
                        Real* y) const;
  void to_inputs(const FrozenTile<Real>& tile, int lanes, const Weights& weights, int layer,
                 LaneRows<Real>& d) const;
  void add_residual(const FrozenTile<Real>& tile, int lanes, const Weights& frozen, int layer, Real* y) const;
  void clear(const FrozenTile<Real>& tile, int lanes, int layer, LaneRows<Real>& rows) const;
  void clear_inner(const FrozenTile<Real>& tile, int lanes, LaneRows<Real>& rows) const;
  void squares_of_shared(const FrozenTile<Real>& tile, int lanes, const LaneRows<Real>& d, int parameter,
                         Real* squares) const;

  const PlainNetwork& network_;
  std::vector<bool> varies_;
  std::vector<std::unique_ptr<TwinLayer<Real>>> layers_;  // null where there is nothing to do
  std::vector<int64_t> elements_;                         // by layer
  std::vector<std::vector<int>> inputs_;                  // by layer, the buffers it reads
  std::vector<bool> moves_;                               // by layer
  std::vector<std::vector<Use>> uses_;                    // by parameter that varies
  std::vector<bool> lower_, upper_;
  bool shares_parameters_ = false;
};

}  // namespace netsurf
