// What a level of the packed kernels implements: the jobs of kernels/cpu/packed.h in plain pointers.
//
// A level's file is compiled for its instruction set, and of an inline function that several files emit the
// linker keeps any one copy. So those files may call no function that others can see, not even a span's: they
// get pointers, and everything in the headers that they share has internal linkage.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/cpu/packed.h"

namespace netsurf::cpu {

/// PackedSums without spans.
struct LevelLayer {
  Width width = Width::bytes;
  const int32_t* pixels = nullptr;
  const Run* runs = nullptr;
  int num_pixels = 0, num_runs = 0;
  bool updates = false;  // runs are the words that differ, to be added to clean sums
  int chunk_words = 1;
  int num_outputs = 0;
  int row_words = 0;
  int product_shift = 0;
  int32_t max_operand = 0, max_code = 0;
  int fitting_words = 0;  // whose products of 8-bit codes add up within 16 bits, place by place pair
  const Finish* finish = nullptr;
  const int32_t* out_words = nullptr;  // the finish's
};

/// Two places of the four in a word of 8-bit codes: the even ones or the odd ones.
struct PlacePair {
  int32_t kernel = 0;  // word within a kernel row
  int32_t lift = 0;    // the left shift that brings the places' operands into the upper bytes of 16 bits
};

inline constexpr int kScratchQuads = 8;  // that a loop over sums works on together, at most

/// A loop's memory, on 64-byte lines and of no defined content; zeroing what few jobs need costs more than
/// they do.
struct Scratch {
  uint32_t (*largest)[kQuad][kTile] = nullptr;  // [kScratchQuads] sums; for updates [num_quads]
  uint8_t* rows = nullptr;                      // [2 x 16 x row_words x 4]: two bands, or a widened quad
  uint32_t (*differences)[kTile] = nullptr;     // [2 x words], for updates
  PlacePair* pairs = nullptr;                   // [2 x words], for updates
};

using SumsLoop = void (*)(const LevelLayer& layer, const QuadJob* quads, int num_quads, TileJob* tiles,
                          int num_tiles, const Scratch& scratch);
using CorrectLoop = void (*)(const LevelLayer& layer, const ChannelJob* channels, int num_channels,
                             TileJob* tiles, int num_tiles);

/// Run a level's loop on jobs with spans.
void run_sums(SumsLoop loop, const PackedSums& layer, std::span<const QuadJob> quads,
              std::span<TileJob> tiles);
void run_update(SumsLoop loop, const PackedSums& layer, std::span<const QuadJob> quads,
                std::span<const Run> differing, std::span<TileJob> tiles);
void run_correct(CorrectLoop loop, const PackedSums& layer, std::span<const ChannelJob> channels,
                 std::span<TileJob> tiles);

// The levels, one file each. Call only what find_kernels finds; the matrix unit corrects like avx512_vnni.
void sums_portable(const LevelLayer&, const QuadJob*, int, TileJob*, int, const Scratch&);
void correct_portable(const LevelLayer&, const ChannelJob*, int, TileJob*, int);
void sums_avx2(const LevelLayer&, const QuadJob*, int, TileJob*, int, const Scratch&);
void correct_avx2(const LevelLayer&, const ChannelJob*, int, TileJob*, int);
void sums_avx_vnni(const LevelLayer&, const QuadJob*, int, TileJob*, int, const Scratch&);
void correct_avx_vnni(const LevelLayer&, const ChannelJob*, int, TileJob*, int);
void sums_avx512_vnni(const LevelLayer&, const QuadJob*, int, TileJob*, int, const Scratch&);
void correct_avx512_vnni(const LevelLayer&, const ChannelJob*, int, TileJob*, int);
void sums_amx(const LevelLayer&, const QuadJob*, int, TileJob*, int, const Scratch&);

}  // namespace netsurf::cpu
