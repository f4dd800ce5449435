#include "kernels/cpu/packed_level.h"

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

/// This thread's scratch for rows of so many words.
uint8_t* thread_scratch(int row_words) {
  thread_local std::vector<uint8_t> memory;
  auto size = static_cast<size_t>(scratch_bytes(row_words));
  if (memory.size() < size + kLine) memory.resize(size + kLine);
  return memory.data() + (kLine - reinterpret_cast<uintptr_t>(memory.data()) % kLine);
}

int magnitude_of_byte(int32_t word, int byte) {
  return std::abs(static_cast<int8_t>(static_cast<uint32_t>(word) >> (8 * byte)));
}

bool pairs_fit(std::span<const Correction> corrections, int32_t max_code) {
  for (const Correction& each : corrections) {
    for (int byte : {0, 2}) {
      int both = magnitude_of_byte(each.difference, byte) + magnitude_of_byte(each.difference, byte + 1);
      if (int64_t{max_code} * both > INT16_MAX) return false;
    }
  }
  return true;
}

}  // namespace

// A quad's rows widened to 16 bits, or two bands of 16 rows.
int64_t scratch_bytes(int row_words) { return int64_t{row_words} * 4 * 2 * 16; }

void run_sums(SumsLoop loop, const PackedSums& layer, std::span<const QuadJob> quads,
              std::span<TileJob> tiles) {
  loop(level_layer(layer), quads.data(), static_cast<int>(quads.size()), tiles.data(),
       static_cast<int>(tiles.size()), thread_scratch(layer.row_words));
}

void run_update(SumsLoop loop, const PackedSums& layer, std::span<const QuadJob> quads,
                std::span<const Run> differing, std::span<TileJob> tiles) {
  LevelLayer level = level_layer(layer);
  level.runs = differing.data();
  level.num_runs = static_cast<int>(differing.size());
  level.updates = true;
  loop(level, quads.data(), static_cast<int>(quads.size()), tiles.data(), static_cast<int>(tiles.size()),
       thread_scratch(layer.row_words));
}

void run_correct(CorrectLoop loop, const PackedSums& layer, std::span<const ChannelJob> channels,
                 std::span<TileJob> tiles) {
  thread_local std::vector<LevelChannel> jobs;
  jobs.clear();
  for (const ChannelJob& job : channels) {
    jobs.push_back({.corrections = job.corrections.data(),
                    .num_corrections = static_cast<int>(job.corrections.size()),
                    .channel = job.channel,
                    .start_change = job.start_change,
                    .pairs_fit = pairs_fit(job.corrections, layer.max_code)});
  }
  loop(level_layer(layer), jobs.data(), static_cast<int>(jobs.size()), tiles.data(),
       static_cast<int>(tiles.size()));
}

}  // namespace netsurf::cpu
