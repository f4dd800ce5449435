// AMX: 16 x 16 sums of 64 products in one instruction.
#if defined(__x86_64__)
#include "kernels/cpu/packed_tiles.h"

namespace netsurf::cpu {
namespace {

// Assembly: g++ 12's intrinsics take literal tile numbers only, and tell the compiler too little of the
// memory that they read and write.
struct Amx {
  static constexpr int kLanes = 16;

  static NETSURF_INLINE void configure(int words) {
    struct {
      uint8_t palette, start_row, reserved[14];
      uint16_t row_bytes[16];
      uint8_t rows[16];
    } config = {};
    config.palette = 1;
    for (int t = 0; t < 8; ++t) {
      config.row_bytes[t] = static_cast<uint16_t>(is_kernel_tile(t) ? 4 * words : 64);
      config.rows[t] = static_cast<uint8_t>(is_codes_tile(t) ? words : 16);
    }
    asm volatile("ldtilecfg %0" : : "m"(config));
  }
  static NETSURF_INLINE void release() { asm volatile("tilerelease" : : : "memory"); }

  template <int kTileNumber>
  static NETSURF_INLINE void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTileNumber));
  }
  template <int kTileNumber>
  static NETSURF_INLINE void load(const void* from, int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(kTileNumber) : "memory");
  }
  template <int kTileNumber>
  static NETSURF_INLINE void load_once(const void* from, int64_t stride) {
    asm volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(kTileNumber) : "memory");
  }
  template <int kSums, int kKernels, int kCodes>
  static NETSURF_INLINE void multiply() {
    asm volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSums), "i"(kKernels), "i"(kCodes));
  }
  template <int kTileNumber>
  static NETSURF_INLINE void store(void* to, int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(kTileNumber) : "memory");
  }

  static NETSURF_INLINE void others(const LevelLayer& layer, const QuadJob* jobs, int num_jobs,
                                    TileJob* tiles, int num_tiles, const Scratch& scratch) {
    sums_avx512_vnni(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  }
};

}  // namespace

void sums_amx(const LevelLayer& layer, const QuadJob* quads, int num_quads, TileJob* tiles, int num_tiles,
              const Scratch& scratch) {
  sum_with_tiles<Amx>(layer, quads, num_quads, tiles, num_tiles, scratch);
}

}  // namespace netsurf::cpu
#endif
