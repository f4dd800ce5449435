// A cursor over the bytes of an untrusted file. Every read is checked, and every refusal says file, place,
// what was found and what was expected.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace netsurf {

class ByteReader {
 public:
  /// Reads `bytes`, which must outlive the reader; `file` names them in messages.
  ByteReader(std::string_view bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  uint64_t offset() const { return offset_; }
  uint64_t remaining() const { return bytes_.size() - offset_; }

  /// The next `count` bytes. Throws FormatError naming `what` when fewer are left.
  std::string_view take(uint64_t count, std::string_view what);

  uint8_t take_u8(std::string_view what);
  uint16_t take_u16_little(std::string_view what);
  uint32_t take_u32_little(std::string_view what);
  uint32_t take_u32_big(std::string_view what);

  /// Throws FormatError unless every byte was read; `what` is what should have been the last thing in the
  /// file.
  void expect_end(std::string_view what) const;

  /// Throws FormatError "<file>: byte <offset>: <problem>".
  [[noreturn]] void fail(uint64_t offset, const std::string& problem) const;

 private:
  std::string_view bytes_;
  std::string file_;
  uint64_t offset_ = 0;
};

/// Product of `sizes`, or `limit` + 1 when it is larger than `limit` or any size is negative. Never
/// overflows.
uint64_t bounded_product(std::span<const int64_t> sizes, uint64_t limit);

/// Text from a file as it may stand in a message: in double quotes, at most 40 characters, unprintable ones
/// as "?".
std::string quoted_text(std::string_view text);

/// "60000x28x28"; "scalar" for no sizes.
std::string sizes_text(std::span<const int64_t> sizes);

}  // namespace netsurf
