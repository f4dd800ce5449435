// What the integer network did on a few samples, in real numbers: the values of every layer and what the twin
// holds still.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/backend/plain_network.h"
#include "engine/gradient/slope_rule.h"
#include "engine/model/dataset.h"
#include "kernels/floating/sparse_rows.h"

namespace netsurf {

/// What one layer holds still.
template <typename Real>
struct FrozenChoices {
  std::vector<Real> slopes;  // activation, threshold: [samples, elements]
  // max_pool: [samples, elements], places in a sample of the input. threshold: places in the parameter.
  std::vector<int32_t> places;
};

template <typename Real>
struct FrozenTile {
  int64_t begin = 0;
  int samples = 0;                           // 0: not made yet
  std::vector<std::vector<Real>> values;     // by layer: code x 2^-F [samples, elements]; empty where a layer
                                             // shares another's buffer
  std::vector<FrozenChoices<Real>> choices;  // by layer
  std::vector<floating::SparseMatrix<Real>> sparse;  // by layer: its values, if a dense layer reads them and
                                                     // most are zero
};

/// Runs the integer network at the frozen operands.
class FrozenNetwork {
 public:
  /// Keeps references to both; frozen at the model's own codes.
  FrozenNetwork(const PlainNetwork& network, const EvaluationSet& set);

  const PlainNetwork& network() const { return network_; }
  const ParameterOperands& operands() const { return operands_; }
  void freeze_at(ParameterOperands operands);

  /// Fills `tile` with samples [begin, begin + samples).
  template <typename Real>
  void fill(int64_t begin, int samples, Workspace& workspace, FrozenTile<Real>& tile) const;

  /// Bytes that fill() puts into a tile, per sample.
  template <typename Real>
  int64_t bytes_per_sample() const;

 private:
  void make_rules();
  std::vector<int64_t> largest_inputs() const;
  /// Runs up to cpu::kTile samples.
  void run(int64_t begin, int count, Workspace& workspace) const;
  /// What a layer put out, and what it chose, for `count` samples of the tile from `first` on.
  template <typename Real>
  void fill_values(int layer, int first, int count, const Workspace& workspace, FrozenTile<Real>& tile) const;
  template <typename Real>
  void fill_choices(int layer, int first, int count, const Workspace& workspace,
                    FrozenTile<Real>& tile) const;

  const PlainNetwork& network_;
  const EvaluationSet& set_;
  std::vector<bool> feeds_dense_;  // by layer: whether a dense layer reads its buffer
  ParameterOperands operands_;
  std::vector<std::unique_ptr<SlopeRule>> slopes_;      // by layer, null for other kinds
  std::vector<std::unique_ptr<ThresholdRamps>> ramps_;  // by layer, null for other kinds
};

}  // namespace netsurf
