// Amounts of memory as people write them.
#pragma once

#include <cstdint>
#include <string_view>

namespace netsurf {

/// Bytes of "65536", "64K", "256M", "2G" or "1T", with binary multiples (K is 1024), in either case. Throws
/// InputError naming `what` for anything else or more than 2^60.
uint64_t parse_bytes(std::string_view text, std::string_view what);

}  // namespace netsurf
