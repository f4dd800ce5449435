// What every array file becomes: a shape and its numbers.
#pragma once

#include <cstdint>
#include <vector>

namespace netsurf {

/// An array in C order. Values beyond 24 significant bits are rounded to the nearest float; doubles beyond
/// its range become infinite.
struct NumberArray {
  std::vector<int64_t> shape;  // empty for a scalar
  std::vector<float> values;   // as many as the product of `shape`
  bool is_integer = false;     // the file stored integers or booleans
};

/// Largest file, and largest inflated content, that is read into memory.
inline constexpr uint64_t kMaxArrayBytes = uint64_t{2} << 30;

}  // namespace netsurf
