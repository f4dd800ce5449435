#include "engine/gradient/random_block.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/digest.h"
#include "kernels/core/philox.h"

namespace netsurf {
namespace {

core::PhiloxBlock draw(int64_t vector, int64_t index, uint64_t key) {
  const auto address = static_cast<uint64_t>(vector);
  return core::philox({{static_cast<uint32_t>(address), static_cast<uint32_t>(address >> 32),
                        static_cast<uint32_t>(index), 0}},
                      key);
}

/// Uniform in (0, 1).
double uniform(uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }

}  // namespace

RandomBlock::RandomBlock(std::string_view use, uint64_t seed)
    : key_(Digest().add("netsurf probes 1").add(use).add(static_cast<int64_t>(seed)).first_64_bits()) {}

std::vector<double> RandomBlock::signs(int64_t first, int64_t count, int64_t size) const {
  std::vector<double> block(static_cast<size_t>(count * size));
  for (int64_t vector = 0; vector < count; ++vector) {
    double* out = block.data() + vector * size;
    for (int64_t begin = 0; begin < size; begin += 128) {
      const core::PhiloxBlock bits = draw(first + vector, begin / 128, key_);
      const int64_t end = std::min<int64_t>(begin + 128, size);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t bit = i - begin;
        out[i] = (bits.word[bit / 32] >> (bit % 32) & 1) == 0 ? 1.0 : -1.0;
      }
    }
  }
  return block;
}

std::vector<double> RandomBlock::normals(int64_t first, int64_t count, int64_t size) const {
  std::vector<double> block(static_cast<size_t>(count * size));
  for (int64_t vector = 0; vector < count; ++vector) {
    double* out = block.data() + vector * size;
    for (int64_t i = 0; i < size; i += 2) {
      const core::PhiloxBlock bits = draw(first + vector, i / 2, key_);
      const double radius = std::sqrt(-2 * std::log(uniform(bits.pair(0))));
      const double angle = 2 * std::numbers::pi * uniform(bits.pair(1));
      out[i] = radius * std::cos(angle);
      if (i + 1 < size) out[i + 1] = radius * std::sin(angle);
    }
  }
  return block;
}

}  // namespace netsurf
