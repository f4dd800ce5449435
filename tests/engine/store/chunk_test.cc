#include "engine/store/chunk.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/engine/store/example_store.h"

namespace netsurf {
namespace {

Chunk example_chunk(std::initializer_list<size_t> present) {
  Chunk chunk;
  chunk.number = 3;
  for (size_t i : present) {
    chunk.present[i] = true;
    chunk.outcomes[i] = testing::example_outcome(3 * kChunkTrials + i);
  }
  return chunk;
}

TEST(Chunk, WhatIsPackedComesBack) {
  Chunk chunk = example_chunk({0, 1, 7, 8, 200, 255});
  chunk.outcomes[7].correct = kNoCount;
  chunk.outcomes[7].loss = kNoCount;
  Chunk back = decode_chunk(3, encode_chunk(chunk));
  EXPECT_EQ(back.present, chunk.present);
  for (size_t i : {0, 1, 7, 8, 200, 255}) EXPECT_EQ(back.outcomes[i], chunk.outcomes[i]) << i;
}

TEST(Chunk, TheLayoutIsTheDocumentedOne) {
  Chunk chunk;
  chunk.present[9] = true;
  chunk.outcomes[9] = {9, 1, 2, 3, 4, 5};
  std::string bytes = encode_chunk(chunk);
  ASSERT_EQ(bytes.size(), 8u + 32u + 40u);
  EXPECT_EQ(bytes[8 + 1], 2) << "bit 9 of the bitmap";
  for (int field = 0; field < 5; ++field) {
    EXPECT_EQ(bytes[static_cast<size_t>(40 + field * 8)], field + 1);
    EXPECT_EQ(bytes[static_cast<size_t>(40 + field * 8 + 1)], 0);
  }
}

TEST(Chunk, TheChecksumBelongsToTheFormat) {
  // SHA-256 over the length (72, eight bytes) and the 72 bytes, first eight bytes: worked out with another
  // program.
  Chunk chunk;
  chunk.present[9] = true;
  chunk.outcomes[9] = {9, 1, 2, 3, 4, 5};
  std::string bytes = encode_chunk(chunk).substr(0, 8);
  EXPECT_EQ(bytes, std::string("\xb9"
                               "\x64"
                               "\xe6"
                               "\x85"
                               "\xa1"
                               "\xfd"
                               "\x6f"
                               "\x76",
                               8));
}

TEST(Chunk, EveryTruncationAndEveryFlippedBitIsRefused) {
  std::string bytes = encode_chunk(example_chunk({0, 77}));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_chunk(3, std::string_view(bytes).substr(0, size)), FormatError) << size;
  }
  EXPECT_THROW(decode_chunk(3, bytes + '\0'), FormatError);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THROW(decode_chunk(3, damaged), FormatError) << bit;
  }
}

}  // namespace
}  // namespace netsurf
