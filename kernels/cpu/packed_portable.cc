// The level that every machine has: vectors of four lanes with the compiler's baseline instructions.
#include "kernels/cpu/packed_corrections.h"
#include "kernels/cpu/packed_loops.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace netsurf::cpu {
namespace {

struct Portable {
  static constexpr int kLanes = 4, kVectors = 2, kQuads = 1, kPositions = 1;
  static constexpr ByteWay kBytes = ByteWay::widened;
  using Words = Vector<kLanes>::Words;
  using Ints = Vector<kLanes>::Ints;

  static NETSURF_INLINE void add_halves(Words& sum, const Words& x, const Words& w) {
#if defined(__SSE2__)
    sum += (Words)_mm_madd_epi16((__m128i)x, (__m128i)w);
#else
    Ints low_x = (Ints)(x << 16) >> 16, low_w = (Ints)(w << 16) >> 16;
    Ints high_x = (Ints)x >> 16, high_w = (Ints)w >> 16;
    sum += (Words)low_x * (Words)low_w + (Words)high_x * (Words)high_w;
#endif
  }
};

}  // namespace

void sums_portable(const LevelLayer& layer, const QuadJob* quads, int num_quads, TileJob* tiles,
                   int num_tiles, const Scratch& scratch) {
  sum_with_unit<Portable>(layer, quads, num_quads, tiles, num_tiles, scratch);
}

void correct_portable(const LevelLayer& layer, const ChannelJob* channels, int num_channels, TileJob* tiles,
                      int num_tiles) {
  correct_with_unit<Portable>(layer, channels, num_channels, tiles, num_tiles);
}

}  // namespace netsurf::cpu
