#include "engine/store/chunk.h"

#include <bit>
#include <cstring>
#include <span>

#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace netsurf {
namespace {

static_assert(std::endian::native == std::endian::little,
              "chunks are written in the machine's own byte order");

constexpr size_t kOutcomeBytes = 5 * sizeof(int64_t);

uint64_t checksum(std::string_view bytes) {
  return Digest().add_bytes(std::as_bytes(std::span(bytes))).first_64_bits();
}

template <class Number>
void append(std::string& bytes, Number number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof number);
}

int64_t read_number(const char* at) {
  int64_t number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

}  // namespace

std::string encode_chunk(const Chunk& chunk) {
  std::string body;
  body.reserve(kChunkTrials / 8 + chunk.present.count() * kOutcomeBytes);
  for (uint64_t first = 0; first < kChunkTrials; first += 8) {
    unsigned byte = 0;
    for (uint64_t i = 0; i < 8; ++i) byte |= static_cast<unsigned>(chunk.present[first + i]) << i;
    body += static_cast<char>(byte);
  }
  for (uint64_t i = 0; i < kChunkTrials; ++i) {
    if (!chunk.present[i]) continue;
    const TrialOutcome& outcome = chunk.outcomes[i];
    for (int64_t number : {outcome.flips, outcome.correct, outcome.changed, outcome.distance, outcome.loss})
      append(body, number);
  }
  std::string bytes;
  append(bytes, checksum(body));
  return bytes + body;
}

std::bitset<kChunkTrials> decode_presence(std::string_view bytes) {
  if (bytes.size() < kChunkHeaderBytes) {
    throw FormatError("a chunk of trials has " + std::to_string(bytes.size()) + " bytes, expected at least " +
                      std::to_string(kChunkHeaderBytes));
  }
  std::bitset<kChunkTrials> present;
  for (uint64_t i = 0; i < kChunkTrials; ++i)
    present[i] = (static_cast<unsigned char>(bytes[8 + i / 8]) >> (i % 8) & 1) != 0;
  return present;
}

Chunk decode_chunk(uint64_t number, std::string_view bytes) {
  Chunk chunk;
  chunk.number = number;
  chunk.present = decode_presence(bytes);
  std::string place = "the chunk of trials from " + std::to_string(number * kChunkTrials);
  size_t expected = kChunkHeaderBytes + chunk.present.count() * kOutcomeBytes;
  if (bytes.size() != expected) {
    throw FormatError(place + " has " + std::to_string(bytes.size()) + " bytes, expected " +
                      std::to_string(expected));
  }
  if (static_cast<uint64_t>(read_number(bytes.data())) != checksum(bytes.substr(8))) {
    throw FormatError(place + " does not match its checksum");
  }
  const char* at = bytes.data() + kChunkHeaderBytes;
  for (uint64_t i = 0; i < kChunkTrials; ++i) {
    if (!chunk.present[i]) continue;
    TrialOutcome& outcome = chunk.outcomes[i];
    outcome.trial = number * kChunkTrials + i;
    for (int64_t* field :
         {&outcome.flips, &outcome.correct, &outcome.changed, &outcome.distance, &outcome.loss}) {
      *field = read_number(at);
      at += sizeof(int64_t);
    }
  }
  return chunk;
}

}  // namespace netsurf
