// Given fault lists: any text gives sorted lists without repeats whose digest a second making repeats, or an
// InputError.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string_view>

#include "engine/base/error.h"
#include "engine/faults/fault_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    netsurf::FaultTable table =
        netsurf::parse_fault_table({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const auto& bits : table.trials) {
      if (std::adjacent_find(bits.begin(), bits.end(), std::greater_equal<>()) != bits.end()) std::abort();
    }
    if (netsurf::make_fault_table(table.trials).digest != table.digest) std::abort();
  } catch (const netsurf::InputError&) {
  }
  return 0;
}
