#include "models/bytes.h"

#include "engine/base/error.h"

namespace netsurf {

std::string_view ByteReader::take(uint64_t count, std::string_view what) {
  if (count > remaining()) {
    fail(offset_, std::string(what) + " needs " + std::to_string(count) + " bytes, found " +
                      std::to_string(remaining()) + "; the file is truncated");
  }
  std::string_view taken = bytes_.substr(offset_, count);
  offset_ += count;
  return taken;
}

uint8_t ByteReader::take_u8(std::string_view what) { return static_cast<uint8_t>(take(1, what)[0]); }

uint16_t ByteReader::take_u16_little(std::string_view what) {
  std::string_view b = take(2, what);
  return static_cast<uint16_t>(static_cast<uint8_t>(b[0]) | (static_cast<uint8_t>(b[1]) << 8));
}

uint32_t ByteReader::take_u32_little(std::string_view what) {
  uint32_t number = 0;
  std::string_view b = take(4, what);
  for (int i = 3; i >= 0; --i) number = (number << 8) | static_cast<uint8_t>(b[i]);
  return number;
}

uint32_t ByteReader::take_u32_big(std::string_view what) {
  uint32_t number = 0;
  for (char c : take(4, what)) number = (number << 8) | static_cast<uint8_t>(c);
  return number;
}

void ByteReader::expect_end(std::string_view what) const {
  if (remaining() == 0) return;
  fail(offset_, "found " + std::to_string(remaining()) + " more bytes, expected the end of the file after " +
                    std::string(what));
}

void ByteReader::fail(uint64_t offset, const std::string& problem) const {
  throw FormatError(file_ + ": byte " + std::to_string(offset) + ": " + problem);
}

uint64_t bounded_product(std::span<const int64_t> sizes, uint64_t limit) {
  // A zero anywhere makes the product zero, however large the other sizes claim to be.
  for (int64_t size : sizes) {
    if (size < 0) return limit + 1;
  }
  for (int64_t size : sizes) {
    if (size == 0) return 0;
  }
  uint64_t product = 1;
  for (int64_t size : sizes) {
    if (static_cast<uint64_t>(size) > limit / product) return limit + 1;
    product *= static_cast<uint64_t>(size);
  }
  return product;
}

std::string quoted_text(std::string_view text) {
  constexpr size_t kMaxShown = 40;
  std::string shown;
  for (char c : text.substr(0, kMaxShown)) shown += c >= ' ' && c <= '~' ? c : '?';
  return "\"" + shown + (text.size() > kMaxShown ? "..." : "") + "\"";
}

std::string sizes_text(std::span<const int64_t> sizes) {
  if (sizes.empty()) return "scalar";
  std::string text;
  for (int64_t size : sizes) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

}  // namespace netsurf
