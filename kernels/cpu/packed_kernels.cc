// Which level's kernels this build and this processor have.
#include <array>
#include <optional>

#include "kernels/cpu/packed.h"
#include "kernels/cpu/packed_level.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace netsurf::cpu {
namespace {

constexpr std::array<std::string_view, kNumIsas> kNames = {"portable", "avx2", "avx_vnni", "avx512_vnni",
                                                           "amx"};

template <SumsLoop loop>
void sums(const PackedSums& layer, std::span<const QuadJob> quads, std::span<TileJob> tiles) {
  run_sums(loop, layer, quads, tiles);
}

template <SumsLoop loop>
void update(const PackedSums& layer, std::span<const QuadJob> quads, std::span<const Run> differing,
            std::span<TileJob> tiles) {
  run_update(loop, layer, quads, differing, tiles);
}

template <CorrectLoop loop>
void correct(const PackedSums& layer, std::span<const ChannelJob> channels, std::span<TileJob> tiles) {
  run_correct(loop, layer, channels, tiles);
}

template <SumsLoop sums_loop, CorrectLoop correct_loop>
constexpr PackedKernels kKernels = {sums<sums_loop>, update<sums_loop>, correct<correct_loop>};

#if defined(__x86_64__)

// Bits of cpuid's leaf 7.
constexpr unsigned kAvxVnniBit = 1u << 4;                 // subleaf 1, EAX
constexpr unsigned kAmxBits = (1u << 24) | (1u << 25);    // subleaf 0, EDX: tiles, and int8 products
constexpr unsigned kTileState = (1u << 17) | (1u << 18);  // of XCR0: the operating system keeps tiles

bool has_avx512_vnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

bool has_avx_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 &&
         (a & kAvxVnniBit) != 0;
}

/// Linux gives a process the tiles' state only when asked.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!has_avx512_vnni() || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kAmxBits) != kAmxBits)
    return false;
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & kTileState) == kTileState && may_use_tiles();
}

const PackedKernels* find_x86(Isa isa) {
  static const bool kAvx2 = __builtin_cpu_supports("avx2"), kAvxVnni = has_avx_vnni(),
                    kAvx512Vnni = has_avx512_vnni(), kAmx = has_amx();
  switch (isa) {
    case Isa::portable:
      break;
    case Isa::avx2:
      return kAvx2 ? &kKernels<sums_avx2, correct_avx2> : nullptr;
    case Isa::avx_vnni:
      return kAvxVnni ? &kKernels<sums_avx_vnni, correct_avx_vnni> : nullptr;
    case Isa::avx512_vnni:
      return kAvx512Vnni ? &kKernels<sums_avx512_vnni, correct_avx512_vnni> : nullptr;
    case Isa::amx:
      return kAmx ? &kKernels<sums_amx, correct_avx512_vnni> : nullptr;
  }
  return nullptr;
}

#else

const PackedKernels* find_x86(Isa) { return nullptr; }

#endif

}  // namespace

std::string_view name_of(Isa isa) { return kNames[static_cast<size_t>(isa)]; }

const PackedKernels* find_kernels(Isa isa) {
  return isa == Isa::portable ? &kKernels<sums_portable, correct_portable> : find_x86(isa);
}

Isa best_isa() {
  for (int i = kNumIsas - 1; i > 0; --i) {
    if (find_kernels(static_cast<Isa>(i)) != nullptr) return static_cast<Isa>(i);
  }
  return Isa::portable;
}

}  // namespace netsurf::cpu
