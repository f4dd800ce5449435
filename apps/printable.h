// Text from files and flags as it may be shown on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace netsurf {

/// One line: control characters and bytes that are not UTF-8 as \n, \t or \x1b, and what is longer than
/// `max_bytes` cut short with the number of bytes left out.
std::string printable(std::string_view text, size_t max_bytes = 4000);

}  // namespace netsurf
