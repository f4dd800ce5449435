#include "engine/backend/cuda/layer_runner.h"

#include <algorithm>

#include "engine/backend/cuda/layer_plan.h"
#include "kernels/cuda/layer_run.h"
#include "kernels/cuda/memory.h"

namespace netsurf {
namespace {

class LayerRunner : public LaneRunner {
 public:
  LayerRunner(const PlainNetwork& network, const BitSpace& space, const EvaluationSet& set, uint64_t budget,
              const cuda::Stream& stream)
      : plan_(network),
        scored_(network.scored_buffer()),
        budget_(budget),
        num_samples_(set.count),
        clean_(cuda::upload(plan_.clean_image(), stream)),
        input_(cuda::upload(side_by_side(set), stream)),
        segments_(plan_.segments(space)) {
    chunk_sizes(1, 1, plan_.live_bytes(), budget);  // or it throws
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (space.segments()[i].elements.empty()) continue;
      elements_.push_back(cuda::upload(space.segments()[i].elements, stream));
      segments_[i].elements = elements_.back().data();
    }
  }

  std::string_view name() const override { return "layer"; }
  const std::vector<cuda::PatchSegment>& segments() const override { return segments_; }
  int max_lanes() const override { return cuda::kMaxChunkLanes; }

  void reserve(int num_lanes) override {
    images_.reserve(clean_.size() * static_cast<size_t>(num_lanes));
    ChunkSizes sizes = chunk_sizes(num_lanes, num_samples_, plan_.live_bytes(), budget_);
    arena_.reserve(plan_.live_bytes() * static_cast<uint64_t>(sizes.num_lanes) *
                   static_cast<uint64_t>(sizes.num_samples));
  }

  void run(const cuda::PatchLists& lists, const cuda::ScoreData& score, cuda::LaneCounts* counts,
           const cuda::Stream& stream) override {
    auto words = static_cast<int64_t>(clean_.size());
    cuda::fill_bytes(counts, 0, static_cast<size_t>(lists.num_lanes) * sizeof(cuda::LaneCounts), stream);
    cuda::make_images(clean_.data(), words, lists, plan_.coded_words(), images_.data(), stream);
    if (lists.num_lanes == 0) return;
    ChunkSizes sizes = chunk_sizes(lists.num_lanes, num_samples_, plan_.live_bytes(), arena_.bytes());
    for (int lane = 0; lane < lists.num_lanes; lane += sizes.num_lanes) {
      for (int64_t sample = 0; sample < num_samples_; sample += sizes.num_samples) {
        cuda::LaneChunk chunk{images_.data() + lane * words, words,
                              std::min(sizes.num_lanes, lists.num_lanes - lane),
                              static_cast<int>(std::min<int64_t>(sizes.num_samples, num_samples_ - sample))};
        run_chunk(chunk, sample, score, counts + lane, stream);
      }
    }
  }

 private:
  void run_chunk(const cuda::LaneChunk& chunk, int64_t first_sample, const cuda::ScoreData& score,
                 cuda::LaneCounts* counts, const cuda::Stream& stream) {
    ChunkMemory memory{arena_.data(), input_.data() + first_sample, num_samples_};
    for (const cuda::LayerOp& op : plan_.ops(chunk, memory)) cuda::run_layer(op, chunk, stream);
    cuda::add_scores(plan_.codes(scored_, chunk, memory), chunk, first_sample, score, counts, stream);
  }

  LayerPlan plan_;
  int scored_;
  uint64_t budget_;
  int64_t num_samples_;
  cuda::DeviceMemory<int32_t> clean_;
  cuda::DeviceMemory<int32_t> input_;
  std::vector<cuda::PatchSegment> segments_;
  std::vector<cuda::DeviceMemory<uint32_t>> elements_;  // of segments that have not all
  cuda::DeviceMemory<int32_t> images_;
  cuda::DeviceMemory<std::byte> arena_;
};

}  // namespace

std::unique_ptr<LaneRunner> make_layer_runner(const PlainNetwork& network, const BitSpace& space,
                                              const EvaluationSet& set, uint64_t budget,
                                              const cuda::Stream& stream) {
  return std::make_unique<LayerRunner>(network, space, set, budget, stream);
}

}  // namespace netsurf
