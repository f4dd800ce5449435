// .npy: any bytes give an array that is what its shape says, or a FormatError.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "models/bytes.h"
#include "models/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    netsurf::NumberArray array = netsurf::parse_npy({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (netsurf::bounded_product(array.shape, size_t{1} << 40) != array.values.size()) std::abort();
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
