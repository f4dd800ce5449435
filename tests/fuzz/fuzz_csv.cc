// Tables, and the samples made of them: any text gives a rectangular table of finite numbers, or a
// FormatError.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "models/csv.h"
#include "models/datasets_samples.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    netsurf::NumberTable table = netsurf::parse_csv({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (table.values.size() != static_cast<size_t>(table.rows * table.columns)) std::abort();
    for (float value : table.values) {
      if (!std::isfinite(value)) std::abort();
    }
    netsurf::LabelledSamples all = netsurf::make_samples(table, "fuzz", 0);
    if (all.samples.labels.size() + all.samples.targets.size() != static_cast<size_t>(table.rows))
      std::abort();
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
