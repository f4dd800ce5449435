// Benchmark files: a data set, a network and its training on one screen of text. docs/benchmarks.md has the
// grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/benchmark.h"

namespace netsurf {

/// Reads a benchmark. `file` stands in messages. Throws InputError `file:line: field "x": found ..., expected
/// ...` for unknown or repeated words, missing keys, numbers out of range, and layers whose wiring or shapes
/// do not fit.
Benchmark parse_benchmark(std::string_view text, const std::string& file);

/// A built-in benchmark by name, or the file at a path. Throws InputError, with a suggestion, when there is
/// neither.
Benchmark find_benchmark(const std::string& name_or_path);

/// Names of the built-in benchmarks, in alphabetical order.
std::vector<std::string> benchmark_names();

}  // namespace netsurf
