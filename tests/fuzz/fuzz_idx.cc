// IDX, plain or gzip'd: any bytes give an array that is what its shape says, or a FormatError.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "models/bytes.h"
#include "models/gzip.h"
#include "models/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    std::string content(netsurf::is_gzip(bytes) ? netsurf::gunzip(bytes, "fuzz", 1 << 20) : bytes);
    netsurf::NumberArray array = netsurf::parse_idx(content, "fuzz");
    if (netsurf::bounded_product(array.shape, size_t{1} << 40) != array.values.size()) std::abort();
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
