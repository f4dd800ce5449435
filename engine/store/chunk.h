// How outcomes are packed in a store file: 256 trials to a chunk, aligned to the trial number, whatever
// batches brought them. The byte layout is in docs/results-file.md.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/faults/trial.h"

namespace netsurf {

inline constexpr uint64_t kChunkTrials = 256;
inline constexpr size_t kChunkHeaderBytes = 8 + kChunkTrials / 8;  // checksum and presence bitmap

/// Trials [number x 256, number x 256 + 256), those present.
struct Chunk {
  uint64_t number = 0;
  std::bitset<kChunkTrials> present;
  std::array<TrialOutcome, kChunkTrials> outcomes;  // meaningful where present
};

/// Little endian: checksum, bitmap, then five int64 for every trial present, in order.
std::string encode_chunk(const Chunk& chunk);

/// Throws FormatError (without the file's name) when size, checksum or bitmap disagree.
Chunk decode_chunk(uint64_t number, std::string_view bytes);

/// The bitmap alone, from the first kChunkHeaderBytes bytes of a chunk. Throws FormatError when there are
/// fewer.
std::bitset<kChunkTrials> decode_presence(std::string_view bytes);

}  // namespace netsurf
