#include "apps/byte_size.h"

#include <cctype>
#include <charconv>
#include <string>

#include "engine/base/error.h"

namespace netsurf {

uint64_t parse_bytes(std::string_view text, std::string_view what) {
  constexpr uint64_t kMost = uint64_t{1} << 60;
  constexpr std::string_view kUnits = "KMGT";
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  size_t place = unit.size() == 1
                     ? kUnits.find(static_cast<char>(std::toupper(static_cast<unsigned char>(unit[0]))))
                     : std::string_view::npos;
  bool is_number = error == std::errc() && (unit.empty() || place != std::string_view::npos);
  uint64_t factor = uint64_t{1} << (unit.empty() ? 0 : 10 * (place + 1));
  if (error == std::errc::result_out_of_range || (is_number && number > kMost / factor)) {
    throw InputError(std::string(what) + " \"" + std::string(text) +
                     "\" is out of range; at most 2^60 bytes");
  }
  if (!is_number) {
    throw InputError(std::string(what) + " \"" + std::string(text) +
                     "\" is not a size; expected bytes such as 65536, or with K, M, G or T: 256M");
  }
  return number * factor;
}

}  // namespace netsurf
