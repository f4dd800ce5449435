#include "kernels/cpu/packed_level.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace netsurf::cpu {
namespace {

constexpr int kLine = 64;  // bytes of alignment

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

int magnitude_of_byte(int32_t word, int byte) {
  return std::abs(static_cast<int8_t>(static_cast<uint32_t>(word) >> (8 * byte)));
}

}  // namespace

// Most differences come from one fault each and have one byte that is not zero, and its product alone fits:
// those are told by bits, many at a time.
bool products_fit(std::span<const Correction> corrections, int32_t max_code) {
  uint32_t doubles = 0;
  for (const Correction& each : corrections) {
    const auto bytes = static_cast<uint32_t>(each.difference);
    const uint32_t others = (((bytes & 0x7F7F7F7Fu) + 0x7F7F7F7Fu) | bytes) & 0x80808080u;  // than zero
    doubles |= others & (others << 8);
  }
  if ((doubles & 0x80008000u) == 0 && max_code * -INT8_MIN <= INT16_MAX) return true;
  for (const Correction& each : corrections) {
    for (int byte : {0, 2}) {
      int both = magnitude_of_byte(each.difference, byte) + magnitude_of_byte(each.difference, byte + 1);
      if (int64_t{max_code} * both > INT16_MAX) return false;
    }
  }
  return true;
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
