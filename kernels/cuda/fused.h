// The fused path: a whole network of 8-bit weights on one block's shared memory. A block keeps a tile of
// samples; its teams of warps take lane after lane: flip the lane's bits in the team's image of the
// parameters, pass the tile through all stages by int8 matrix instructions, count, and flip the next lane's.
#pragma once

#include <cstdint>

#include "kernels/core/fixed.h"
#include "kernels/core/host_device.h"
#include "kernels/cuda/counts.h"
#include "kernels/cuda/flips.h"
#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

inline constexpr int kOctet = 8;         // samples whose rows lie one below the other in a matrix
inline constexpr int kGroupOctets = 4;   // octets that a warp multiplies at a time: two matrices of 16 rows
inline constexpr int kStepBytes = 32;    // operands of a row that one instruction multiplies
inline constexpr int kChunkBytes = 16;   // of which so many lie side by side
inline constexpr int kMaxTeams = 15;     // each waits at a barrier of its own, of the 16 that a block has
inline constexpr int kMaxStripRows = 4;  // rows of a window whose strips of four codes a lane can load
inline constexpr int kMaxStages = 12;
// The sums of a warp need registers, which a block's threads share: units of many tiles of 8 channels, or
// blocks of many threads.
inline constexpr int kWideTiles = 8, kWideThreads = 384;
inline constexpr int kNarrowTiles = 4, kNarrowThreads = 512;
inline constexpr int kMaxImageBytes = 1 << 24;  // that a packed patch can name

/// What becomes of a stage's sums.
enum class FusedEnding : uint8_t {
  codes,   // requantized by `quick`
  scaled,  // likewise by `wide_quick`, through an affine layer
  planes,  // codes of more than 8 bits, by `wide_quick`, perhaps through an affine layer: low bytes, high
           // bytes
  scores,  // int32, as they are
  any,     // by `finish` or as they are, to codes or scores
};

/// One dense or conv2d layer, and what follows it: an affine layer, a 2 x 2 max pool, an activation. Rows are
/// the octets of a tile's samples times the layer's output pixels; where it pools, the four octets of a group
/// are the same samples at the four pixels of a window.
struct FusedStage {
  bool reads_tile = false;    // the block's input tile, else the team's memory
  bool reads_signed = false;  // codes are int8, else uint8; high bytes are int8 always
  bool scales = false;        // goes through an affine layer
  bool pools = false, finishes = false, is_last = false;
  bool turns =
      false;  // pools what is scaled: the smallest sum's code is the largest where a scale is below 0
  FusedEnding ending = FusedEnding::any;
  // Codes of more than 8 bits lie in two planes: so many bytes from a low byte to its high one, 0 for codes
  // of one byte. A stage that reads such has units of two column tiles, its network kNarrowTiles at most.
  int input_plane = 0, output_plane = 0;
  int input = 0;   // byte of the tile or of the team's memory
  int output = 0;  // byte of the team's memory; the last stage puts int32 there, others codes
  int num_groups = 0;
  int num_column_tiles = 0;  // of one unit of work: 2, 4 or 8; 2 unless codes of a byte come in and go out
  int num_passes = 0;        // units of work that share a group
  int num_steps = 0;         // of kStepBytes operands
  int kernel = 0, kernel_stride = 0;       // image: byte of [channels in whole passes, kernel_stride]
  int bias = 0;                            // image: word of [channels in whole passes]
  int num_channels = 0;                    // of the last stage: what it puts out
  int product_factor = 1, bias_shift = 0;  // a power of two, which takes no shift of its own
  int bias_extension = 0;    // bits that a stored bias is shifted left and arithmetically back by
  int scale = 0, shift = 0;  // as `bias`: (scale x sum << scale_shift) + (shift << shift_shift)
  int scale_extension = 0, shift_extension = 0, scale_shift = 0, shift_shift = 0;
  int first_chunk = 0;  // in the chunk table: [2 num_steps] bytes from a row's begin
  int strip_step = 0;   // other than 0: a row is strips of four codes, so many bytes apart, and no chunks
  // Of an octet's first sample, and from a sample to the next: bytes from `input`; bytes (of scores: words)
  // from `output`. Octets that are not there repeat the last one.
  const int32_t* rows = nullptr;   // [num_groups, kGroupOctets]
  const int32_t* cells = nullptr;  // [num_groups, kGroupOctets, or 1 where it pools]
  int row_stride = 0, cell_stride = 0;
  core::QuickRequantizer quick;
  core::QuickRequantizerOf<int64_t> wide_quick;
  core::Requantizer finish;  // is_plain(), in 32 bits
};

/// All stages, and how shared memory is cut: chunk table, input tile, then each team's image and activations.
struct FusedNetwork {
  FusedStage stages[kMaxStages];
  int num_stages = 0;
  int tile_samples = 0;                  // whole octets
  int num_teams = 0, num_warps = 0;      // warps of one team
  int most_tiles = kWideTiles;           // kNarrowTiles where no unit has more
  int num_chunks = 0;                    // [num_chunks] int32, in all stages, and 2 more that are read ahead
  int tile = 0;                          // byte of shared memory
  int tile_bytes = 0, sample_bytes = 0;  // sample_bytes: from one sample of the tile to the next
  int filled_bytes = 0;                  // of a sample that `sources` fills; what is left is 0
  int teams = 0, team_bytes = 0, image_words = 0;
  int clean = 0;  // byte of shared memory: int32 clean codes [tile_samples, num_scores], predictions, labels
  int num_scores = 0;
  int shared_bytes = 0;
  int scores = 0;                    // byte of a team's memory: int32 [tile_samples, num_scores]
  const int32_t* chunks = nullptr;   // [num_chunks]
  const int32_t* sources = nullptr;  // [filled_bytes] element of the sample, -1: 0
  const uint32_t* image = nullptr;   // [image_words] clean
  const uint8_t* samples = nullptr;  // [num_samples, sample_elements] codes modulo 256
  int sample_elements = 0;
  int64_t num_samples = 0;

  NETSURF_HD int num_threads() const { return num_teams * num_warps * 32; }  // of a block
};

/// A patch of one byte of the image: its place above 8 bits of mask. Patches that flips of one bit of a byte
/// or of an unextended word make are all such.
NETSURF_HD inline uint32_t packed_patch(const Patch& patch) {
  int byte = 0;
  while (byte < 3 && (patch.mask >> (8 * byte) & 0xFF) == 0) ++byte;
  return (patch.word * 4 + static_cast<uint32_t>(byte)) << 8 | (patch.mask >> (8 * byte) & 0xFF);
}

/// PatchLists with packed patches.
struct PackedLists {
  const uint64_t* offset = nullptr;  // [num_lanes + 1]
  const uint32_t* patches = nullptr;
  int num_lanes = 0;
};

/// packed[i] = packed_patch(lists.patches[i]). All pointers are the device's.
void pack_patches(const PatchLists& lists, uint32_t* packed, const Stream& stream);

/// How many blocks share the lanes of one tile.
struct FusedGrid {
  int num_tiles = 0, num_shares = 0;
};

/// What a launch reads and writes beside the network, on the device.
struct FusedBatch {
  PackedLists lists;
  ScoreData score;
  LaneCounts* parts = nullptr;  // [num_lanes, num_tiles, num_warps]: what each warp counted
};

/// Fills batch.parts. In the stream's order. REQUIRES: everything pointed to is the device's; shared_bytes
/// was allowed by allow_fused.
void run_fused(const FusedNetwork& network, const FusedGrid& grid, const FusedBatch& batch,
               const Stream& stream);
/// counts[lane] = the sum of its num_parts parts.
void sum_parts(const LaneCounts* parts, int num_lanes, int num_parts, LaneCounts* counts,
               const Stream& stream);
/// Lets blocks of the fused kernel have up to most_shared_bytes of shared memory; gives how many blocks of
/// this network a multiprocessor holds.
int allow_fused(const FusedNetwork& network, int most_shared_bytes);

}  // namespace netsurf::cuda
