// Sums of products over packed codes: the fast kernels, one table of functions per instruction set. All give
// the same integers; engine/backend decides what they work on.
//
// A packed tensor of one tile is a list of words of kWordBytes: for each of the kTile samples four bytes,
// which are four consecutive channels of one pixel in 8 bits, or two in 16. What is stored is code - offset:
// 0..255 in 8 bits, -32768..32767 in 16. A kernel row has the same words, four int8 or two int16 operands
// each; bytes without a channel hold 0 in the kernel and anything in the tensor. A sum is taken modulo 2^32:
// the engine packs only layers whose sums fit 32 bits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/cpu/tile.h"

namespace netsurf::cpu {

inline constexpr int kWordBytes = 4 * kTile;
inline constexpr int kQuad = 4;          // output channels that are computed together
inline constexpr int kMatrixWords = 16;  // words that a matrix unit multiplies at a time, at most
inline constexpr int kSlackWords = 16;   // readable words that must follow every packed tensor of a tile

enum class Width : uint8_t { bytes, halves };  // four 8-bit codes per word, or two 16-bit ones

/// The codes in one word.
constexpr int codes_per_word(Width width) { return width == Width::bytes ? 4 : 2; }

/// Words of the tensor that meet words of a kernel row, one by one.
struct Run {
  int32_t x = 0;       // first word, counted from the pixel's
  int32_t kernel = 0;  // first word within a row
  int32_t length = 0;
};

/// What a scaled finish does to the sums of a quad's channels, in steps of the code: factor x sum + offset,
/// which doubles hold exactly and which lies within 31 bits.
struct Scaling {
  double factor[kQuad] = {}, offset[kQuad] = {};
  // All ones where a pool takes the smallest sum, because it stands behind a factor below zero; else zero.
  uint32_t turn[kQuad] = {};
};

/// A second rounding: code + offset, shifted right half to even, saturated to [low, high].
struct Step {
  int32_t offset = 0;
  int shift = 0;  // below 31
  int32_t low = 0, high = 0;
};

/// From sums to the packed codes of the next layer: the largest of `pool` sums, then core::requantize_plainly
/// in 32 bits with these constants (kernels/core/fixed.h), then code - stored_offset into the channel's
/// place. A scaled one takes the sum that the channel's Scaling says, rounds what it makes of it half to
/// even, saturates that to [low, high], and puts that through `step` where it has one.
struct Finish {
  int pool = 1;  // consecutive pixels that make one output pixel
  bool is_scaled = false;
  int32_t in_low = 0, in_high = 0, offset = 0;  // these and the shifts: unless scaled
  int right_shift = 0, left_shift = 0;          // one of them is zero; below 31
  int32_t low = 0, high = 0;
  bool has_step = false;
  Step step = {};
  int32_t stored_offset = 0;
  Width width = Width::bytes;          // of the output
  std::span<const int32_t> out_words;  // per output pixel, where its channel 0 goes: [pixels / pool]
};

/// One dense or convolution layer: sum[p, o] = (sum over runs of kernel[o] x tensor[pixel p] <<
/// product_shift) + start[o].
struct PackedSums {
  Width width = Width::bytes;
  std::span<const int32_t> pixels;  // per output pixel, the first word that it reads
  std::span<const Run> runs;        // the same for every pixel; at least one, each of length >= 1
  // Every run's kernel words are followed by words of zeros up to a multiple of this, at most kMatrixWords: a
  // matrix unit may take so many at a time (and then reads up to kMatrixWords - 1 words of x too many).
  int chunk_words = 1;
  int num_outputs = 0;  // channels; rows beyond them up to a multiple of kQuad are zeros
  int row_words = 0;    // words of a kernel row
  int product_shift = 0;
  int32_t max_operand = 128;       // largest |kernel operand| that any fault can make
  int32_t max_code = 255;          // largest |stored code| of the tensor
  const Finish* finish = nullptr;  // null: the sums are the result
};

/// A correction of one channel: the tensor's word `word` of every pixel, counted from the pixel's first,
/// times the difference of the four int8 (two int16) operands from the clean ones, packed as in a kernel row.
struct Correction {
  int32_t word = 0;
  int32_t difference = 0;
};

/// One output channel to correct: sum = clean sum + (sum of corrections << product_shift) + start_change.
struct ChannelJob {
  int32_t channel = 0;
  int32_t start_change = 0;
  const Correction* corrections = nullptr;
  const Scaling* scaling = nullptr;  // of its quad, with a scaled finish
  int32_t num_corrections = 0;
  int32_t parts = 0;  // parts_that_fit of the corrections; 0 is slower
};

/// Into how many parts corrections fall, each the next num_corrections / parts, rounded up, so that of 8-bit
/// codes up to `max_code` the products of bytes 0 and 1 of a part's differences, and of bytes 2 and 3, add up
/// within 16 bits. As few as can be; 0: not even those of each difference do.
int32_t parts_that_fit(std::span<const Correction> corrections, int32_t max_code);

/// Four output channels to compute anew or to update: 4 quad .. 4 quad + 3.
struct QuadJob {
  int32_t quad = 0;
  const int8_t* weights = nullptr;   // [kQuad, row_words, 4 bytes], 64-byte aligned rows are not required
  const int32_t* start = nullptr;    // [kQuad]
  const Scaling* scaling = nullptr;  // of a scaled finish
  // For an update of weights with faults: what these make of the clean tensor's sums, [num_own] channels of
  // the quad. Their scaling and parts are not read.
  const ChannelJob* own = nullptr;
  int32_t num_own = 0;
};

/// One tile that a job is done on. Pointers are 64-byte aligned.
struct TileJob {
  const uint8_t* x = nullptr;             // packed input
  int32_t* sums = nullptr;                // [pixels, num_outputs, kTile]; null: not stored
  uint8_t* packed = nullptr;              // with a finish: where the channels' codes go; null: not finished
  const int32_t* clean_sums = nullptr;    // [pixels, num_outputs, kTile], for corrections and updates
  const uint8_t* clean_x = nullptr;       // packed input without faults, for updates
  const uint8_t* clean_packed = nullptr;  // null, or what `packed` would be without faults
  bool changed = false;  // set when a code that was written differs from clean_packed; never cleared
};

struct PackedKernels {
  /// Computes the given quads of every tile: stores their sums (real channels only), their finished codes, or
  /// both. A quad fills the words that hold a channel of it, places without a channel like rows of zeros; all
  /// other words of `packed` keep their value.
  void (*sums)(const PackedSums& layer, std::span<const QuadJob> quads, std::span<TileJob> tiles);
  /// Does what `sums` does for tiles whose tensor differs from the clean one in no words but those of
  /// `differing` (some of the layer's runs, or parts of them): clean sums, plus what the differing words add,
  /// plus what the quads' own faults make of the clean words.
  void (*update)(const PackedSums& layer, std::span<const QuadJob> quads, std::span<const Run> differing,
                 std::span<TileJob> tiles);
  /// Corrects the given channels, in ascending order, of every tile: writes their sums (where `sums` is not
  /// null; it may be clean_sums' twin that already holds the other channels) and the words of `packed` that
  /// hold their codes. The other channels' codes in these words are clean_packed's, or where that is null
  /// those of `packed`.
  void (*correct)(const PackedSums& layer, std::span<const ChannelJob> channels, std::span<TileJob> tiles);
};

enum class Isa : uint8_t { portable, avx2, avx_vnni, avx512_vnni, amx };
inline constexpr int kNumIsas = 5;
std::string_view name_of(Isa isa);

/// The kernels of an instruction set, or null where this build or this processor lacks it. Asks the operating
/// system for the matrix unit the first time.
const PackedKernels* find_kernels(Isa isa);
/// The highest level that find_kernels has.
Isa best_isa();

}  // namespace netsurf::cpu
