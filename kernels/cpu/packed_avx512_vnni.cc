// AVX-512 VNNI: sixteen lanes, four bytes in one instruction; sixteen sums hide its latency.
#if defined(__x86_64__)
#include "kernels/cpu/packed_corrections.h"
#include "kernels/cpu/packed_loops.h"

namespace netsurf::cpu {
namespace {

struct Avx512Vnni {
  static constexpr int kLanes = 16, kVectors = 2, kQuads = 2, kPositions = 2;
  static constexpr ByteWay kBytes = ByteWay::dot;
  using Words = Vector<kLanes>::Words;

  // Assembly: with the intrinsics g++ 12 moves sums out of registers.
  static NETSURF_INLINE void add_halves(Words& sum, const Words& x, const Words& w) {
    asm("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
  }
  static NETSURF_INLINE void add_bytes(Words& sum, const Words& x, const Words& w) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
  }
};

}  // namespace

void sums_avx512_vnni(const LevelLayer& layer, const QuadJob* quads, int num_quads, TileJob* tiles,
                      int num_tiles, const Scratch& scratch) {
  sum_with_unit<Avx512Vnni>(layer, quads, num_quads, tiles, num_tiles, scratch);
}

void correct_avx512_vnni(const LevelLayer& layer, const ChannelJob* channels, int num_channels,
                         TileJob* tiles, int num_tiles) {
  correct_with_unit<Avx512Vnni>(layer, channels, num_channels, tiles, num_tiles);
}

}  // namespace netsurf::cpu
#endif
