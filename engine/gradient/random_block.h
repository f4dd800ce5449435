// Blocks of random vectors for Krylov and sketching methods. Each number has an address: seed, vector,
// element.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace netsurf {

class RandomBlock {
 public:
  /// `use` keeps the vectors of different methods apart.
  RandomBlock(std::string_view use, uint64_t seed);

  /// +1 or -1 with equal chances [count, size]: vectors first .. first + count.
  std::vector<double> signs(int64_t first, int64_t count, int64_t size) const;
  /// Standard normal (Box and Muller 1958), likewise.
  std::vector<double> normals(int64_t first, int64_t count, int64_t size) const;

 private:
  uint64_t key_;
};

}  // namespace netsurf
