// Benchmark files: any text gives a benchmark whose shapes fit, or an InputError.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "models/benchmark_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    netsurf::Benchmark benchmark =
        netsurf::parse_benchmark({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (netsurf::output_shapes(benchmark).size() != benchmark.layers.size()) std::abort();
    if (netsurf::num_trainable(benchmark) < 0) std::abort();
  } catch (const netsurf::InputError&) {
  }
  return 0;
}
