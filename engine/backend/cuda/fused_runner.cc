#include "engine/backend/cuda/fused_runner.h"

#include <algorithm>
#include <limits>

namespace netsurf {
namespace {

constexpr uint64_t kMaxPartBytes = uint64_t{1} << 30;

class FusedRunner : public LaneRunner {
 public:
  FusedRunner(const FusedPlan& plan, const BitSpace& space, const EvaluationSet& set,
              const cuda::Device& device, const cuda::Stream& stream) {
    auto on_device = [&](const auto& values) {
      auto& memory = tables(values);
      memory.push_back(cuda::upload(values, stream));
      return memory.back().data();
    };
    network_ = pointed_network(plan, on_device);
    segments_ = pointed_segments(plan, space, on_device);
    samples_ = cuda::upload(byte_codes(set), stream);
    network_.samples = samples_.data();
    network_.num_samples = set.count;
    is_delta_ = plan.delta.num_inputs > 0;
    delta_ = pointed_delta(plan, network_);
    grid_.num_tiles = static_cast<int>((set.count + network_.tile_samples - 1) / network_.tile_samples);
    if (is_delta_) keep_products(stream);
    int at_a_time = is_delta_ ? cuda::allow_delta(delta_, device.shared_bytes)
                              : cuda::allow_fused(network_, device.shared_bytes);
    num_blocks_ = device.num_multiprocessors * std::max(1, at_a_time);
  }

  std::string_view name() const override { return is_delta_ ? "delta" : "fused"; }
  const std::vector<cuda::PatchSegment>& segments() const override { return segments_; }
  int max_lanes() const override {
    const uint64_t per_lane = num_parts() * sizeof(cuda::LaneCounts);
    return static_cast<int>(std::clamp<uint64_t>(kMaxPartBytes / per_lane, 1, 1 << 20));
  }
  void reserve(int num_lanes) override { parts_.reserve(static_cast<size_t>(num_lanes) * num_parts()); }

  void run(const cuda::PatchLists& lists, const cuda::ScoreData& score, cuda::LaneCounts* counts,
           const cuda::Stream& stream) override {
    // Some more than now, as the next batch may have more.
    if (packed_.size() < lists.num_patches) packed_.reserve(lists.num_patches + lists.num_patches / 8);
    cuda::pack_patches(lists, packed_.data(), stream);
    cuda::FusedGrid grid = grid_;
    grid.num_shares = best_shares(lists.num_lanes);
    const cuda::FusedBatch batch{{lists.offset, packed_.data(), lists.num_lanes}, score, parts_.data()};
    if (is_delta_) {
      cuda::run_delta(delta_, grid, batch, stream);
    } else {
      cuda::run_fused(network_, grid, batch, stream);
    }
    cuda::sum_parts(parts_.data(), lists.num_lanes, static_cast<int>(num_parts()), counts, stream);
  }

 private:
  std::vector<cuda::DeviceMemory<int32_t>>& tables(const std::vector<int32_t>&) { return signed_tables_; }
  std::vector<cuda::DeviceMemory<uint32_t>>& tables(const std::vector<uint32_t>&) { return unsigned_tables_; }

  void keep_products(const cuda::Stream& stream) {
    products_ = cuda::DeviceMemory<int32_t>(static_cast<size_t>(grid_.num_tiles) *
                                            static_cast<size_t>(network_.stages[0].num_channels) *
                                            cuda::kDeltaSamples);
    cuda::make_products(delta_, grid_.num_tiles, products_.data(), stream);
    delta_.clean_products = products_.data();
  }

  size_t num_parts() const {
    return static_cast<size_t>(grid_.num_tiles) * static_cast<size_t>(network_.num_warps);
  }

  /// How many blocks share a tile's lanes: rounds of blocks times the lanes of a round, at its smallest. A
  /// block that begins costs about as much as some lanes.
  int best_shares(int num_lanes) const {
    constexpr int64_t kBeginning = 4;  // lanes
    int best = 1;
    int64_t least = std::numeric_limits<int64_t>::max();
    int most = std::max(1, num_lanes / network_.num_teams);
    for (int shares = 1; shares <= std::min(most, 4 * num_blocks_); ++shares) {
      int64_t rounds = (int64_t{grid_.num_tiles} * shares + num_blocks_ - 1) / num_blocks_;
      int64_t teams = int64_t{shares} * network_.num_teams;
      int64_t cost = rounds * ((num_lanes + teams - 1) / teams + kBeginning);
      if (cost < least) {
        least = cost;
        best = shares;
      }
    }
    return best;
  }

  cuda::FusedNetwork network_;
  cuda::DeltaNetwork delta_;
  bool is_delta_ = false;
  cuda::FusedGrid grid_;
  int num_blocks_ = 1;  // that run at a time
  std::vector<cuda::PatchSegment> segments_;
  std::vector<cuda::DeviceMemory<int32_t>> signed_tables_;
  std::vector<cuda::DeviceMemory<uint32_t>> unsigned_tables_;
  cuda::DeviceMemory<uint8_t> samples_;
  cuda::DeviceMemory<int32_t> products_;
  cuda::DeviceMemory<uint32_t> packed_;
  cuda::DeviceMemory<cuda::LaneCounts> parts_;
};

}  // namespace

std::unique_ptr<LaneRunner> make_fused_runner(const FusedPlan& plan, const BitSpace& space,
                                              const EvaluationSet& set, const cuda::Device& device,
                                              const cuda::Stream& stream) {
  return std::make_unique<FusedRunner>(plan, space, set, device, stream);
}

std::vector<uint8_t> byte_codes(const EvaluationSet& set) {
  std::vector<uint8_t> codes;
  codes.reserve(set.codes.size());
  for (int32_t code : set.codes) codes.push_back(static_cast<uint8_t>(code));
  return codes;
}

}  // namespace netsurf
