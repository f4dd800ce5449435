#include "kernels/cuda/layer_host.h"

#include <algorithm>

#include "kernels/cuda/host_team.h"
#include "kernels/cuda/layer_matrix.h"
#include "kernels/cuda/layer_score.h"
#include "kernels/cuda/layer_visit.h"

namespace netsurf::cuda {

void make_images_on_host(const int32_t* clean, int64_t image_words, const PatchLists& lists,
                         std::span<const CodedWords> coded, int32_t* images) {
  for (int lane = 0; lane < lists.num_lanes; ++lane, images += image_words) {
    std::copy_n(clean, image_words, images);
    for (uint64_t i = lists.offset[lane]; i < lists.offset[lane + 1]; ++i)
      images[lists.patches[i].word] ^= static_cast<int32_t>(lists.patches[i].mask);
    for (const CodedWords& words : coded) {
      for (int64_t i = words.first; i < words.first + words.size; ++i)
        images[i] = operand_of(images[i], words);
    }
  }
}

void run_layer_on_host(const LayerOp& op, const LaneChunk& chunk) {
  if (const auto* sums = std::get_if<SumsOp>(&op); sums != nullptr && sums->takes_bytes) {
    const int64_t units = MatrixUnits(*sums, chunk.num_samples).count();
    HostWarp warp(0, 1);
    for (int lane = 0; lane < chunk.num_lanes; ++lane) {
      for (int64_t unit = 0; unit < units; ++unit) sum_unit(warp, *sums, chunk, lane, unit);
    }
    return;
  }
  visit_body(op, chunk.num_samples, [&](const auto& body) {
    int columns = num_columns<std::remove_cvref_t<decltype(body)>::kSamples>(chunk.num_samples);
    for (int lane = 0; lane < chunk.num_lanes; ++lane) {
      for (int item = 0; item < body.num_items(); ++item) {
        for (int column = 0; column < columns; ++column) body(chunk, lane, item, column);
      }
    }
  });
}

void add_scores_on_host(const Codes& codes, const LaneChunk& chunk, int64_t first_sample,
                        const ScoreData& data, LaneCounts* counts) {
  for (int lane = 0; lane < chunk.num_lanes; ++lane) {
    for (int sample = 0; sample < chunk.num_samples; ++sample) {
      LaneCounts one;
      score_chunk_sample(codes, lane, sample, first_sample, data, one);
      add_counts(one, counts[lane]);
    }
  }
}

}  // namespace netsurf::cuda
