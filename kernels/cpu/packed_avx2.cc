// AVX2: eight lanes, sums of byte pairs in 16 bits.
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/cpu/packed_corrections.h"
#include "kernels/cpu/packed_loops.h"

namespace netsurf::cpu {
namespace {

struct Avx2 {
  static constexpr int kLanes = 8, kVectors = 2, kQuads = 1, kPositions = 1;
  static constexpr ByteWay kBytes = ByteWay::pairs;
  using Words = Vector<kLanes>::Words;

  static NETSURF_INLINE void add_halves(Words& sum, const Words& x, const Words& w) {
    sum += (Words)_mm256_madd_epi16((__m256i)x, (__m256i)w);
  }
  static NETSURF_INLINE Words pair_sums(const Words& x, const Words& w) {
    return (Words)_mm256_maddubs_epi16((__m256i)x, (__m256i)w);
  }
  // Assembly: g++ 12 would add in another order and move sums out of registers.
  static NETSURF_INLINE void add_pair_sums(Vector<kLanes>::Halves& sums, const Words& x, const Words& w) {
    asm("vpaddw %1, %0, %0" : "+x"(sums) : "x"(pair_sums(x, w)));
  }
};

}  // namespace

void sums_avx2(const LevelLayer& layer, const QuadJob* quads, int num_quads, TileJob* tiles, int num_tiles,
               const Scratch& scratch) {
  sum_with_unit<Avx2>(layer, quads, num_quads, tiles, num_tiles, scratch);
}

void correct_avx2(const LevelLayer& layer, const ChannelJob* channels, int num_channels, TileJob* tiles,
                  int num_tiles) {
  correct_with_unit<Avx2>(layer, channels, num_channels, tiles, num_tiles);
}

}  // namespace netsurf::cpu
#endif
