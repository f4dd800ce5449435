// The delta path: the fused path for lanes of few flips. The first layer, dense, is not computed: its clean
// products are kept on chip beside the tile, a team corrects the channels that its lane's flips hit, and only
// the stages after it run.
#pragma once

#include "kernels/cuda/fused.h"

namespace netsurf::cuda {

inline constexpr int kDeltaSamples = 128;               // of a tile: four of each lane of a warp
inline constexpr int kDeltaWarps = kDeltaSamples / 32;  // of a team
inline constexpr int kMaxDirtyWords = 8;                // of marks: 256 channels
inline constexpr int kMaxEntries = 320;  // corrections that a team lists in shared memory; more are fetched
// Bytes from one input's codes to the next one's in the tile: inputs side by side begin in different banks.
inline constexpr int kDeltaRowBytes = kDeltaSamples + 4;

/// The sample of a tile that position p holds: positions 4 l .. 4 l + 3 are what lane l of a warp has, and
/// those of all lanes at one of the four are neighbours.
NETSURF_HD constexpr int sample_of_position(int p) { return p / 4 + 32 * (p % 4); }

inline constexpr uint32_t kNoChannel = 0xFFFF;

/// One correction: what a flip of an operand of the first layer inverts. Read and written as a whole.
struct alignas(8) DeltaEntry {
  uint32_t where =
      kNoChannel << 16;  // channel, above 16 bits of input; kNoChannel: a patch of something else
  uint32_t what = 0;     // mask, above 8 bits of operand

  NETSURF_HD uint32_t channel() const { return where >> 16; }
  NETSURF_HD uint32_t input() const { return where & 0xFFFF; }
  NETSURF_HD void add_mask_of(const DeltaEntry& other) { what ^= other.what & 0xFF00; }
  /// What the inverted bits add to the operand.
  NETSURF_HD int32_t difference() const {
    return static_cast<int8_t>(static_cast<uint8_t>(what ^ what >> 8)) -
           static_cast<int8_t>(static_cast<uint8_t>(what));
  }
};

/// A team's notes on its lane's flips in the first layer, of this lane and of the one before in turns.
struct DeltaNotes {
  uint32_t (*dirty)[kMaxDirtyWords] = nullptr;  // [2, words] bits of channels
  uint32_t* first = nullptr;                    // [2, num_channels] entry where a channel's begin; ~0: none
  DeltaEntry* entries = nullptr;  // [kMaxEntries] in the order of patches; behind the last one of no channel
};

/// Bytes of a team's notes.
NETSURF_HD constexpr int note_bytes(int num_channels) {
  return 2 * 4 * (kMaxDirtyWords + num_channels) + kMaxEntries * static_cast<int>(sizeof(DeltaEntry));
}

struct DeltaNetwork {
  FusedNetwork fused;  // its tile is uint8 [num_inputs, kDeltaRowBytes] codes in the order of positions
  int num_inputs = 0;
  int products = 0;           // byte of shared memory: int32 [num_channels, kDeltaSamples], without bias
  int codes = 0;              // byte of shared memory: uint8 [num_channels, kDeltaSamples], clean
  int notes = 0;              // byte of a team's memory: note_bytes(num_channels)
  int first_kernel_byte = 0;  // places from here on are the first layer's kernel, which no team holds
  const uint8_t* kernel = nullptr;          // [num_channels, kernel_stride] clean operands
  const int32_t* clean_products = nullptr;  // [num_tiles, num_channels, kDeltaSamples]
};

/// products [num_tiles, num_channels, kDeltaSamples] of the first layer without faults.
void make_products(const DeltaNetwork& network, int num_tiles, int32_t* products, const Stream& stream);
/// As run_fused.
void run_delta(const DeltaNetwork& network, const FusedGrid& grid, const FusedBatch& batch,
               const Stream& stream);
/// As allow_fused.
int allow_delta(const DeltaNetwork& network, int most_shared_bytes);

}  // namespace netsurf::cuda
