#include "apps/printable.h"

#include <cstdint>
#include <cstdio>

namespace netsurf {
namespace {

/// Bytes of the UTF-8 character at the beginning of `text`, 0 when there is none or when it is a control
/// character.
size_t visible_length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f ? 1 : 0;
  size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  uint32_t point = byte(0) & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3fu);
  }
  bool too_long = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  bool surrogate = point >= 0xd800 && point < 0xe000;
  return point < 0xa0 || point > 0x10ffff || too_long || surrogate ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text, size_t max_bytes) {
  std::string line;
  for (size_t at = 0; at < text.size();) {
    if (at >= max_bytes) return line + "... (" + std::to_string(text.size() - at) + " more bytes)";
    size_t length = visible_length(text.substr(at));
    if (length > 0) {
      line += text.substr(at, length);
      at += length;
      continue;
    }
    char c = text[at++];
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    line += c == '\n' ? "\\n" : c == '\t' ? "\\t" : escaped;
  }
  return line;
}

}  // namespace netsurf
