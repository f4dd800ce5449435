#include "engine/gradient/lane_runner.h"

#include <algorithm>

#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

constexpr int64_t kTasks = 8;            // wanted of a small request, for threads to share
constexpr int64_t kBlockSamples = 1024;  // at most this many are summed in Real
constexpr int64_t kMaxSlots = 64;
constexpr int kTileBits = 22;  // log2 of the activations of a group's tile that are aimed at

int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

/// Lanes of a group: many, since what all lanes share is computed once for each group, but so few that the
/// activations of a tile stay in the caches.
int lanes_of_group(int64_t tile_elements) {
  int lanes = 16;
  while (lanes > 2 && lanes * tile_elements > (int64_t{1} << kTileBits)) lanes /= 2;
  return lanes;
}

}  // namespace

template <typename Real>
LaneRunner<Real>::LaneRunner(const ElementMap& map, const LaneGraph<Real>& graph, TileStore<Real>& tiles,
                             uint64_t memory)
    : map_(map),
      graph_(graph),
      tiles_(tiles),
      memory_(static_cast<int64_t>(memory)),
      group_lanes_(lanes_of_group(graph.moving_elements() * tiles.tile_samples())),
      all_(static_cast<size_t>(map.num_parameters()), true) {}

template <typename Real>
int64_t LaneRunner<Real>::bytes_of_tensors(const std::vector<bool>& wanted) const {
  int64_t size = 0;
  for (int p = 0; p < map_.num_parameters(); ++p) {
    if (map_.has(p) && wanted[static_cast<size_t>(p)]) size += map_.size(p);
  }
  return size * static_cast<int64_t>(sizeof(Real));
}

template <typename Real>
int64_t LaneRunner<Real>::bytes_of_weights(const LaneRequest<Real>& request) const {
  int64_t bytes = 0;
  for (const LaneWeightsOf& set : request.weights) bytes += group_lanes_ * bytes_of_tensors(set.wanted);
  return std::max<int64_t>(bytes, 1);
}

template <typename Real>
int64_t LaneRunner<Real>::bytes_of_slot(const LaneRequest<Real>& request) const {
  const int group = std::min(group_lanes_, request.lanes);
  int64_t rows = 0;
  for (int lanes : request.row_lanes) rows += tiles_.tile_samples() * (lanes == 0 ? group : lanes);
  const int64_t bytes = rows * graph_.moving_elements() * static_cast<int64_t>(sizeof(Real)) +
                        static_cast<int64_t>(request.sums.size()) * group * bytes_of_tensors(all_);
  return std::max<int64_t>(bytes, 1);
}

template <typename Real>
typename LaneRunner<Real>::Blocks LaneRunner<Real>::cut(const LaneRequest<Real>& request) const {
  const int64_t samples = request.end - request.begin;
  const int64_t wanted = std::max<int64_t>(1, kTasks / num_groups(request.lanes));
  const int64_t size = std::min((samples + wanted - 1) / wanted, kBlockSamples);
  return {request.begin, request.end, round_up(size, tiles_.tile_samples())};
}

template <typename Real>
void LaneRunner<Real>::run(const LaneRequest<Real>& request, const LaneWeights<Real>& frozen) {
  tiles_.prepare(request.begin, request.end);
  const Blocks blocks = cut(request);
  const int64_t fitting = std::max<int64_t>(1, memory_ / 4 / bytes_of_weights(request)) * group_lanes_;
  for (int64_t lane = 0; lane < request.lanes; lane += fitting) {
    const int64_t lanes = std::min(fitting, request.lanes - lane);
    load_groups(request, frozen, static_cast<int>(lane), static_cast<int>(lanes));
    const int64_t tasks = num_groups(lanes) * blocks.count();
    shape_slots(request, tasks);
    for (int64_t first = 0; first < tasks; first += num_slots_) {
      const int64_t count = std::min(num_slots_, tasks - first);
      floating::parallel_for(
          count, [&](int64_t i) { run_task(request, blocks, first + i, slots_[static_cast<size_t>(i)]); });
      merge(request, blocks.count(), first, count);
    }
  }
}

template <typename Real>
void LaneRunner<Real>::load_groups(const LaneRequest<Real>& request, const LaneWeights<Real>& frozen,
                                   int first_lane, int lanes) {
  groups_.resize(std::max(groups_.size(), static_cast<size_t>(num_groups(lanes))));
  for (int group = 0; group < num_groups(lanes); ++group) {
    Group& g = groups_[static_cast<size_t>(group)];
    g.first_lane = first_lane + group * group_lanes_;
    g.lanes = std::min(group_lanes_, lanes - group * group_lanes_);
    g.tensors.resize(std::max(g.tensors.size(), request.weights.size()));
    g.weights.clear();
    for (size_t set = 0; set < request.weights.size(); ++set) {
      g.tensors[set].reshape(map_, g.lanes, request.weights[set].wanted);
      g.weights.push_back(g.tensors[set].weights(frozen));
    }
  }
  floating::parallel_for(request.weights.empty() ? 0 : lanes, [&](int64_t lane) {
    Group& group = groups_[static_cast<size_t>(lane / group_lanes_)];
    const int64_t whole = first_lane + lane;
    const double* vector = request.vectors.data() + whole * map_.num_elements();
    const double scale = request.scales.empty() ? 1 : request.scales[static_cast<size_t>(whole)];
    for (size_t set = 0; set < request.weights.size(); ++set) {
      const LaneWeightsOf& of = request.weights[set];
      LaneTensors<Real>& tensors = group.tensors[set];
      for (int p = 0; p < map_.num_parameters(); ++p) {
        if (!tensors.has(p)) continue;
        const Real* at = of.with_frozen ? frozen[static_cast<size_t>(p)].data : nullptr;
        map_.put(p, vector, scale * of.sign, at, tensors.lane(p, static_cast<int>(lane % group_lanes_)));
      }
    }
  });
}

template <typename Real>
void LaneRunner<Real>::shape_slots(const LaneRequest<Real>& request, int64_t tasks) {
  const int lanes = std::min(group_lanes_, request.lanes);
  num_slots_ = std::clamp<int64_t>(memory_ / 2 / bytes_of_slot(request), 1, std::min(tasks, kMaxSlots));
  slots_.resize(std::max(slots_.size(), static_cast<size_t>(num_slots_)));
  floating::parallel_for(num_slots_, [&](int64_t i) {
    LaneSlot<Real>& slot = slots_[static_cast<size_t>(i)];
    slot.rows.resize(std::max(slot.rows.size(), request.row_lanes.size()));
    for (size_t set = 0; set < request.row_lanes.size(); ++set) {
      const int row_lanes = request.row_lanes[set] == 0 ? lanes : request.row_lanes[set];
      graph_.shape_rows(int64_t{tiles_.tile_samples()} * row_lanes, slot.rows[set]);
    }
    slot.sums.resize(std::max(slot.sums.size(), request.sums.size()));
    for (size_t sum = 0; sum < request.sums.size(); ++sum) slot.sums[sum].reshape(map_, lanes, all_);
    slot.losses.resize(static_cast<size_t>(lanes));
  });
}

template <typename Real>
void LaneRunner<Real>::run_task(const LaneRequest<Real>& request, const Blocks& blocks, int64_t task,
                                LaneSlot<Real>& slot) const {
  const Group& group = groups_[static_cast<size_t>(task / blocks.count())];
  const int64_t block = blocks.first() + task % blocks.count(), step = tiles_.tile_samples();
  for (size_t sum = 0; sum < request.sums.size(); ++sum) slot.sums[sum].clear();
  std::fill(slot.losses.begin(), slot.losses.end(), 0);
  const int64_t end = std::min((block + 1) * blocks.size, blocks.end);
  for (int64_t begin = std::max(block * blocks.size, blocks.begin); begin < end;) {
    const int64_t tile_end = std::min((begin / step + 1) * step, end);
    request.work(tiles_.tile(begin, tile_end, slot.scratch), group.lanes, group.weights, slot);
    begin = tile_end;
  }
}

template <typename Real>
void LaneRunner<Real>::merge(const LaneRequest<Real>& request, int64_t num_blocks, int64_t first_task,
                             int64_t tasks) const {
  const double per_sample = 1.0 / static_cast<double>(request.end - request.begin);
  const auto group_of = [&](int64_t task) { return (first_task + task) / num_blocks; };
  const int64_t first_group = group_of(0), groups = group_of(tasks - 1) - first_group + 1;
  const int64_t parameters = map_.num_parameters();
  floating::parallel_for(request.sums.empty() ? 0 : groups * group_lanes_ * parameters, [&](int64_t item) {
    const auto p = static_cast<int>(item % parameters);
    const auto lane = static_cast<int>(item / parameters % group_lanes_);
    const int64_t g = first_group + item / parameters / group_lanes_;
    const Group& group = groups_[static_cast<size_t>(g)];
    if (lane >= group.lanes || !map_.has(p)) return;
    const int64_t whole = group.first_lane + lane;
    const double scale = request.sum_scales.empty() ? 1 : request.sum_scales[static_cast<size_t>(whole)];
    for (int64_t task = 0; task < tasks; ++task) {
      if (group_of(task) != g) continue;
      for (size_t sum = 0; sum < request.sums.size(); ++sum) {
        map_.add(p, slots_[static_cast<size_t>(task)].sums[sum].lane(p, lane), scale * per_sample,
                 request.sums[sum] + whole * map_.num_elements());
      }
    }
  });
  if (request.losses == nullptr) return;
  for (int64_t task = 0; task < tasks; ++task) {
    const Group& group = groups_[static_cast<size_t>(group_of(task))];
    for (int lane = 0; lane < group.lanes; ++lane) {
      request.losses[group.first_lane + lane] +=
          per_sample * slots_[static_cast<size_t>(task)].losses[static_cast<size_t>(lane)];
    }
  }
}

template class LaneRunner<float>;
template class LaneRunner<double>;

}  // namespace netsurf
