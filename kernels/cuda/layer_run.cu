#include "kernels/cuda/check.h"
#include "kernels/cuda/device_team.cuh"
#include "kernels/cuda/layer_matrix.h"
#include "kernels/cuda/layer_run.h"
#include "kernels/cuda/layer_score.h"
#include "kernels/cuda/layer_visit.h"

namespace netsurf::cuda {
namespace {

constexpr int kBlockThreads = 128;  // of layers
/// A warp is a row of columns: the warps of a block are items side by side, which read the same input where
/// they are output channels of one pixel.
constexpr unsigned kBlockColumns = 32;
constexpr int kScoreThreads = 256, kImageThreads = 256;
constexpr int kMaxImageBlocks = 64;  // per lane; threads take further words in turn

using Counter = unsigned long long;  // what 64-bit atomics take; sums are the same bits as of int64_t

__global__ void copy_images(const int4* clean, int64_t units, int4* images) {
  int4* image = images + blockIdx.y * units;
  int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < units; i += step) image[i] = clean[i];
}

__global__ void patch_images(PatchLists lists, int64_t image_words, int32_t* images) {
  int32_t* image = images + blockIdx.y * image_words;
  uint64_t end = lists.offset[blockIdx.y + 1];
  uint64_t step = uint64_t{gridDim.x} * blockDim.x;
  for (uint64_t i = lists.offset[blockIdx.y] + uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < end;
       i += step)
    atomicXor(image + lists.patches[i].word, static_cast<int32_t>(lists.patches[i].mask));
}

__global__ void decode_images(CodedWords words, int64_t image_words, int32_t* images) {
  int32_t* codes = images + blockIdx.y * image_words + words.first;
  int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < words.size; i += step)
    codes[i] = operand_of(codes[i], words);
}

/// Threads of a block: x along the columns, y along the items; blocks: x along both, columns first; y the
/// lane.
template <typename Body>
__global__ void __launch_bounds__(kBlockThreads)
    compute_layer(Body body, LaneChunk chunk, int columns, unsigned column_blocks) {
  auto column = static_cast<int>(blockIdx.x % column_blocks * blockDim.x + threadIdx.x);
  auto item = static_cast<int>(blockIdx.x / column_blocks * blockDim.y + threadIdx.y);
  if (column < columns && item < body.num_items()) body(chunk, static_cast<int>(blockIdx.y), item, column);
}

/// A warp a unit: those of a block are samples side by side, which read the same operands. More than two
/// blocks at a time would leave a thread too few registers.
__global__ void __launch_bounds__(kBlockThreads, 2)
    sum_units(const __grid_constant__ SumsOp op, LaneChunk chunk, int64_t num_units) {
  const int64_t unit = int64_t{blockIdx.x} * (kBlockThreads / 32) + threadIdx.x / 32;
  if (unit >= num_units) return;
  DeviceWarp warp(0, 1);
  sum_unit(warp, op, chunk, static_cast<int>(blockIdx.y), unit);
}

__device__ void add_atomically(const LaneCounts& part, LaneCounts& whole) {
  atomicAdd(reinterpret_cast<Counter*>(&whole.correct), static_cast<Counter>(part.correct));
  atomicAdd(reinterpret_cast<Counter*>(&whole.changed), static_cast<Counter>(part.changed));
  atomicAdd(reinterpret_cast<Counter*>(&whole.loss), static_cast<Counter>(part.loss));
  auto* distance = reinterpret_cast<Counter*>(&whole.distance);
  Counter found = *distance, expected = 0;
  do {
    expected = found;
    int64_t sum = core::held_sum(static_cast<int64_t>(expected), part.distance);
    found = atomicCAS(distance, expected, static_cast<Counter>(sum));
  } while (found != expected);
}

__global__ void __launch_bounds__(kScoreThreads)
    score_samples(Codes codes, LaneChunk chunk, int64_t first, ScoreData data, LaneCounts* counts) {
  __shared__ int64_t memory[kScoreThreads * sizeof(LaneCounts) / sizeof(int64_t)];
  auto* parts = reinterpret_cast<LaneCounts*>(memory);  // which __shared__ could not initialize
  auto lane = static_cast<int>(blockIdx.y);
  auto sample = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  LaneCounts mine;
  if (sample < chunk.num_samples) score_chunk_sample(codes, lane, sample, first, data, mine);
  parts[threadIdx.x] = mine;
  for (unsigned half = kScoreThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) add_counts(parts[threadIdx.x + half], parts[threadIdx.x]);
  }
  if (threadIdx.x == 0) add_atomically(parts[0], counts[lane]);
}

unsigned num_blocks(int64_t size, int64_t of_block) {
  return static_cast<unsigned>((size + of_block - 1) / of_block);
}

/// The smallest power of two that holds all columns, or kBlockColumns.
unsigned block_columns(int columns) {
  unsigned width = 1;
  while (width < kBlockColumns && width < static_cast<unsigned>(columns)) width *= 2;
  return width;
}

}  // namespace

void make_images(const int32_t* clean, int64_t image_words, const PatchLists& lists,
                 std::span<const CodedWords> coded, int32_t* images, const Stream& stream) {
  if (lists.num_lanes == 0 || image_words == 0) return;
  auto lanes = static_cast<unsigned>(lists.num_lanes);
  int64_t units = image_words / kImageWordsUnit;
  unsigned blocks = num_blocks(units, kImageThreads);
  if (blocks > kMaxImageBlocks) blocks = kMaxImageBlocks;
  copy_images<<<dim3(blocks, lanes), kImageThreads, 0, stream.get()>>>(
      reinterpret_cast<const int4*>(clean), units, reinterpret_cast<int4*>(images));
  check_launch("copy_images");
  patch_images<<<dim3(blocks, lanes), kImageThreads, 0, stream.get()>>>(lists, image_words, images);
  check_launch("patch_images");
  for (const CodedWords& words : coded) {
    decode_images<<<dim3(blocks, lanes), kImageThreads, 0, stream.get()>>>(words, image_words, images);
    check_launch("decode_images");
  }
}

void run_layer(const LayerOp& op, const LaneChunk& chunk, const Stream& stream) {
  if (chunk.num_lanes == 0 || chunk.num_samples == 0) return;
  if (const auto* sums = std::get_if<SumsOp>(&op); sums != nullptr && sums->takes_bytes) {
    const int64_t units = MatrixUnits(*sums, chunk.num_samples).count();
    const dim3 grid(num_blocks(units, kBlockThreads / 32), static_cast<unsigned>(chunk.num_lanes));
    sum_units<<<grid, kBlockThreads, 0, stream.get()>>>(*sums, chunk, units);
    check_launch("sum_units");
    return;
  }
  visit_body(op, chunk.num_samples, [&](const auto& body) {
    int columns = num_columns<std::remove_cvref_t<decltype(body)>::kSamples>(chunk.num_samples);
    unsigned width = block_columns(columns), items = kBlockThreads / width;
    unsigned column_blocks = num_blocks(columns, width);
    dim3 grid(column_blocks * num_blocks(body.num_items(), items), static_cast<unsigned>(chunk.num_lanes));
    compute_layer<<<grid, dim3(width, items), 0, stream.get()>>>(body, chunk, columns, column_blocks);
    check_launch("compute_layer");
  });
}

void add_scores(const Codes& codes, const LaneChunk& chunk, int64_t first_sample, const ScoreData& data,
                LaneCounts* counts, const Stream& stream) {
  if (chunk.num_lanes == 0 || chunk.num_samples == 0) return;
  dim3 grid(num_blocks(chunk.num_samples, kScoreThreads), static_cast<unsigned>(chunk.num_lanes));
  score_samples<<<grid, kScoreThreads, 0, stream.get()>>>(codes, chunk, first_sample, data, counts);
  check_launch("score_samples");
}

}  // namespace netsurf::cuda
