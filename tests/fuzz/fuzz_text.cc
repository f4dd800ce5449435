// Numbers and formats as people write them: what is read writes itself back as the same value, or is an
// InputError.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/decimal.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/model/format.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void decimal(std::string_view text) {
  using netsurf::UnitDecimal;
  UnitDecimal value = UnitDecimal::parse(text, "fuzz");
  UnitDecimal again = UnitDecimal::parse(value.text(), "fuzz");
  require(again == value && again.text() == value.text() && !(again < value));
  constexpr uint64_t kMost = (uint64_t{1} << 40) - 1;
  uint64_t floor = value.floor_of(kMost), round = value.round_of(kMost);
  require(floor <= kMost && round >= floor && round - floor <= 1);
  require(value.value() >= 0 && value.value() <= 1);
  if (!value.is_one()) value.times_two_to_64();
}

void format(std::string_view text) {
  netsurf::Format value = netsurf::Format::parse(text);
  require(netsurf::Format::parse(value.text()) == value &&
          netsurf::Format::parse(value.file_text()) == value);
  for (double x : {0.0, 1.0, -1.0, 1e300, -1e-300}) {
    int32_t code = netsurf::quantize(x, value);
    require(code >= value.min_code() && code <= value.max_code());
  }
}

void integer(std::string_view text) {
  int64_t value = netsurf::parse_integer(text, "fuzz", -1000, INT64_MAX);
  require(value >= -1000 && netsurf::parse_integer(std::to_string(value), "fuzz", -1000, INT64_MAX) == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (auto* read : {decimal, format, integer}) {
    try {
      read(text);
    } catch (const netsurf::InputError&) {
    }
  }
  return 0;
}
