// .npz: any bytes give arrays that are what their shapes say, or a FormatError; never more than the cap.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "models/bytes.h"
#include "models/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kCap = 1 << 20;
  try {
    uint64_t values = 0;
    for (const auto& [key, array] :
         netsurf::parse_npz({reinterpret_cast<const char*>(data), size}, "fuzz", {}, kCap)) {
      if (netsurf::bounded_product(array.shape, kCap) != array.values.size()) std::abort();
      values += array.values.size();
    }
    if (values > kCap) std::abort();
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
