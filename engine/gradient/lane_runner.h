// Cuts requests for many lanes and samples into tasks and adds up what they find. Lanes go in groups and
// samples in blocks, both cut by the request alone, and the blocks' sums are added in their order, in double:
// neither threads nor memory change a bit.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "engine/gradient/element_map.h"
#include "engine/gradient/lane_graph.h"
#include "engine/gradient/lane_tensors.h"
#include "engine/gradient/tile_store.h"

namespace netsurf {

/// What a task works in.
template <typename Real>
struct LaneSlot {
  TileScratch<Real> scratch;
  std::vector<LaneRows<Real>> rows;     // as many sets as the request wants
  std::vector<LaneTensors<Real>> sums;  // likewise
  std::vector<double> losses;           // by lane
};

/// Weights that every lane has of its own.
struct LaneWeightsOf {
  bool with_frozen = false;  // added to the frozen point's
  double sign = 1;           // times the lane's vector
  std::vector<bool> wanted;  // by parameter: whether work reads it
};

template <typename Real>
struct LaneRequest {
  int lanes = 1;
  int64_t begin = 0, end = 0;          // samples
  std::span<const double> vectors;     // [lanes, elements], or empty
  std::vector<double> scales;          // [lanes], that the vectors are multiplied by; empty: 1
  std::vector<LaneWeightsOf> weights;  // sets that work gets
  std::vector<int> row_lanes;          // lanes of each set of rows; 0: those of the group
  // For each kind of sum, where its mean over the samples is added to: [lanes, elements].
  std::vector<double*> sums;
  std::vector<double> sum_scales;  // [lanes], that these means are multiplied by; empty: 1
  double* losses = nullptr;        // [lanes] or null: where the mean of the losses is added to
  /// Adds one tile of one group to the slot. `weights` are the group's sets.
  std::function<void(const FrozenTile<Real>& tile, int lanes, std::span<const LaneWeights<Real>> weights,
                     LaneSlot<Real>& slot)>
      work;
};

template <typename Real>
class LaneRunner {
 public:
  /// Keeps references. `memory` bytes are aimed at for all that is held at once.
  LaneRunner(const ElementMap& map, const LaneGraph<Real>& graph, TileStore<Real>& tiles, uint64_t memory);

  /// Lanes that one task carries, at most.
  int group_lanes() const { return group_lanes_; }

  /// `frozen` are the weights of the frozen point.
  void run(const LaneRequest<Real>& request, const LaneWeights<Real>& frozen);

 private:
  /// A group of lanes and its weights.
  struct Group {
    int first_lane = 0, lanes = 0;
    std::vector<LaneTensors<Real>> tensors;
    std::vector<LaneWeights<Real>> weights;
  };
  /// Samples [begin, end), cut into blocks at multiples of `size`.
  struct Blocks {
    int64_t begin = 0, end = 0, size = 1;

    int64_t first() const { return begin / size; }
    int64_t count() const { return (end + size - 1) / size - first(); }
  };

  Blocks cut(const LaneRequest<Real>& request) const;
  int64_t num_groups(int64_t lanes) const { return (lanes + group_lanes_ - 1) / group_lanes_; }
  int64_t bytes_of_tensors(const std::vector<bool>& wanted) const;
  int64_t bytes_of_slot(const LaneRequest<Real>& request) const;
  int64_t bytes_of_weights(const LaneRequest<Real>& request) const;
  void load_groups(const LaneRequest<Real>& request, const LaneWeights<Real>& frozen, int first_lane,
                   int lanes);
  void shape_slots(const LaneRequest<Real>& request, int64_t tasks);
  void run_task(const LaneRequest<Real>& request, const Blocks& blocks, int64_t task,
                LaneSlot<Real>& slot) const;
  void merge(const LaneRequest<Real>& request, int64_t num_blocks, int64_t first_task, int64_t tasks) const;

  const ElementMap& map_;
  const LaneGraph<Real>& graph_;
  TileStore<Real>& tiles_;
  int64_t memory_;
  int group_lanes_;
  std::vector<bool> all_;              // every parameter
  std::vector<Group> groups_;          // of the pass that runs; kept for their memory
  std::vector<LaneSlot<Real>> slots_;  // likewise; the first num_slots_ are in use
  int64_t num_slots_ = 0;
};

}  // namespace netsurf
