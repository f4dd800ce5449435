#include "kernels/cpu/packed_level.h"

#include <algorithm>
#include <vector>

namespace netsurf::cpu {
namespace {

constexpr int kLine = 64;  // bytes of alignment

int fitting_words(const PackedSums& layer) {
  const int64_t pair = int64_t{2} * layer.max_code * layer.max_operand;
  return static_cast<int>(INT16_MAX / std::max<int64_t>(pair, 1));
}

LevelLayer level_layer(const PackedSums& layer) {
  return {.width = layer.width,
          .pixels = layer.pixels.data(),
          .runs = layer.runs.data(),
          .num_pixels = static_cast<int>(layer.pixels.size()),
          .num_runs = static_cast<int>(layer.runs.size()),
          .updates = false,
          .chunk_words = layer.chunk_words,
          .num_outputs = layer.num_outputs,
          .row_words = layer.row_words,
          .product_shift = layer.product_shift,
          .max_operand = layer.max_operand,
          .max_code = layer.max_code,
          .fitting_words = fitting_words(layer),
          .finish = layer.finish,
          .out_words = layer.finish != nullptr ? layer.finish->out_words.data() : nullptr};
}

/// This thread's scratch for kernel rows of so many words, and for updates by so many quads and words.
Scratch thread_scratch(int row_words, size_t num_quads, size_t num_words) {
  thread_local std::vector<uint8_t> memory;
  constexpr size_t kQuadBytes = sizeof *Scratch::largest, kBands = 2 * 16;
  const size_t largest = std::max<size_t>(kScratchQuads, num_quads) * kQuadBytes,
               rows = kBands * static_cast<size_t>(row_words) * 4, differences = 2 * num_words * kWordBytes,
               pairs = 2 * num_words * sizeof(PlacePair), size = kLine + largest + rows + differences + pairs;
  if (memory.size() < size) memory.resize(size);
  uint8_t* first = memory.data() + (kLine - reinterpret_cast<uintptr_t>(memory.data()) % kLine);
  Scratch scratch;
  scratch.largest = reinterpret_cast<uint32_t(*)[kQuad][kTile]>(first);
  scratch.rows = first + largest;
  scratch.differences = reinterpret_cast<uint32_t(*)[kTile]>(scratch.rows + rows);
  scratch.pairs = reinterpret_cast<PlacePair*>(scratch.rows + rows + differences);
  return scratch;
}

/// What the products of bytes 0 and 1 of some differences can add up to, and those of bytes 2 and 3, where
/// every code is 0 or 1: those below zero alone, and those above.
struct Reach {
  int64_t least[2] = {}, most[2] = {};

  void add(int32_t difference) {
    for (int byte = 0; byte < 4; ++byte) {
      int factor = static_cast<int8_t>(static_cast<uint32_t>(difference) >> (8 * byte));
      least[byte / 2] += std::min(factor, 0);
      most[byte / 2] += std::max(factor, 0);
    }
  }
  bool fits(int32_t max_code) const {
    return std::max(most[0], most[1]) * max_code <= INT16_MAX &&
           std::min(least[0], least[1]) * max_code >= INT16_MIN;
  }
};

bool all_fit(std::span<const Correction> corrections, int32_t max_code) {
  Reach reach;
  for (const Correction& each : corrections) reach.add(each.difference);
  return reach.fits(max_code);
}

/// Parts of any length, as few as can be; 0: a difference does not fit.
size_t fewest_parts(std::span<const Correction> corrections, int32_t max_code) {
  size_t parts = 1;
  Reach reach;
  for (const Correction& each : corrections) {
    reach.add(each.difference);
    if (reach.fits(max_code)) continue;
    ++parts;
    reach = {};
    reach.add(each.difference);
    if (!reach.fits(max_code)) return 0;
  }
  return parts;
}

constexpr size_t divide_up(size_t all, size_t by) { return (all + by - 1) / by; }

}  // namespace

int32_t parts_that_fit(std::span<const Correction> corrections, int32_t max_code) {
  size_t parts = fewest_parts(corrections, max_code);
  while (parts > 1) {
    size_t length = divide_up(corrections.size(), parts);
    bool fit = true;
    for (auto left = corrections; fit && !left.empty(); left = left.subspan(std::min(length, left.size())))
      fit = all_fit(left.first(std::min(length, left.size())), max_code);
    if (fit || length == 1) break;
    parts = divide_up(corrections.size(), length - 1);
  }
  return static_cast<int32_t>(parts);
}

void run_sums(SumsLoop loop, const PackedSums& layer, std::span<const QuadJob> quads,
              std::span<TileJob> tiles) {
  loop(level_layer(layer), quads.data(), static_cast<int>(quads.size()), tiles.data(),
       static_cast<int>(tiles.size()), thread_scratch(layer.row_words, 0, 0));
}

void run_update(SumsLoop loop, const PackedSums& layer, std::span<const QuadJob> quads,
                std::span<const Run> differing, std::span<TileJob> tiles) {
  LevelLayer level = level_layer(layer);
  level.runs = differing.data();
  level.num_runs = static_cast<int>(differing.size());
  level.updates = true;
  size_t num_words = 0;
  for (const Run& run : differing) num_words += static_cast<size_t>(run.length);
  loop(level, quads.data(), static_cast<int>(quads.size()), tiles.data(), static_cast<int>(tiles.size()),
       thread_scratch(layer.row_words, quads.size(), num_words));
}

void run_correct(CorrectLoop loop, const PackedSums& layer, std::span<const ChannelJob> channels,
                 std::span<TileJob> tiles) {
  loop(level_layer(layer), channels.data(), static_cast<int>(channels.size()), tiles.data(),
       static_cast<int>(tiles.size()));
}

}  // namespace netsurf::cpu
