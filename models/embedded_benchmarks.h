// The benchmark files of this folder, as they were when the program was built.
#pragma once

#include <span>
#include <string_view>

namespace netsurf {

struct EmbeddedBenchmark {
  std::string_view name;  // file name without .bench
  std::string_view text;
};

/// In alphabetical order.
std::span<const EmbeddedBenchmark> embedded_benchmarks();

}  // namespace netsurf
