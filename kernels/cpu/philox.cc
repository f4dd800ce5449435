#include "kernels/cpu/philox.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NETSURF_PHILOX_AVX2
#endif

namespace netsurf::cpu {
namespace {

void philox_one_by_one(uint64_t key, uint32_t count, PhiloxDraws& draws) {
  for (uint32_t i = 0; i < count; ++i) {
    draws.random[i] = core::philox(
        {{draws.counter[0][i], draws.counter[1][i], draws.counter[2][i], draws.counter[3][i]}}, key);
  }
}

#ifdef NETSURF_PHILOX_AVX2
// By intrinsics, because compilers do not find the one instruction that a round needs: 32 x 32 -> 64 bits. It
// reads the low halves of 64-bit lanes, so the counter's words live there and what stands above them never
// matters until the end.

constexpr int kLanes = 4;
constexpr int kGroups = 2;  // of lanes at a time: one multiplies while the other waits
using Lanes = __m256i;

struct Words {
  Lanes word[4];
};

[[gnu::always_inline, gnu::target("avx2")]] inline Words load(const PhiloxDraws& draws, uint32_t first) {
  Words words;
  for (int w = 0; w < 4; ++w) {
    words.word[w] =
        _mm256_cvtepu32_epi64(_mm_load_si128(reinterpret_cast<const __m128i*>(draws.counter[w] + first)));
  }
  return words;
}

[[gnu::always_inline, gnu::target("avx2")]] inline void round_once(Lanes key0, Lanes key1, Words& x) {
  Lanes product0 = _mm256_mul_epu32(x.word[0], _mm256_set1_epi64x(0xD2511F53));
  Lanes product1 = _mm256_mul_epu32(x.word[2], _mm256_set1_epi64x(0xCD9E8D57));
  x.word[0] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product1, 32), x.word[1]), key0);
  x.word[2] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product0, 32), x.word[3]), key1);
  x.word[1] = product1;
  x.word[3] = product0;
}

/// Four lanes of four words, one word a vector, into four blocks.
[[gnu::always_inline, gnu::target("avx2")]] inline void store(const Words& x, core::PhiloxBlock* blocks) {
  Lanes pair0 = _mm256_blend_epi32(x.word[0], _mm256_slli_epi64(x.word[1], 32), 0xAA);
  Lanes pair1 = _mm256_blend_epi32(x.word[2], _mm256_slli_epi64(x.word[3], 32), 0xAA);
  Lanes even = _mm256_unpacklo_epi64(pair0, pair1), odd = _mm256_unpackhi_epi64(pair0, pair1);
  auto* out = reinterpret_cast<Lanes*>(blocks);
  _mm256_store_si256(out, _mm256_permute2x128_si256(even, odd, 0x20));
  _mm256_store_si256(out + 1, _mm256_permute2x128_si256(even, odd, 0x31));
}

[[gnu::target("avx2")]] void philox_by_lanes(uint64_t key, uint32_t count, PhiloxDraws& draws) {
  static_assert(PhiloxDraws::kMax % (kLanes * kGroups) == 0);  // the last groups may be part full
  for (uint32_t first = 0; first < count; first += kLanes * kGroups) {
    Words x[kGroups];
    for (uint32_t g = 0; g < kGroups; ++g) x[g] = load(draws, first + g * kLanes);
    uint32_t key0 = static_cast<uint32_t>(key), key1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9, key1 += 0xBB67AE85) {
      for (Words& each : x) round_once(_mm256_set1_epi64x(key0), _mm256_set1_epi64x(key1), each);
    }
    for (uint32_t g = 0; g < kGroups; ++g) store(x[g], draws.random + first + g * kLanes);
  }
}
#endif

}  // namespace

void philox_all(uint64_t key, uint32_t count, PhiloxDraws& draws) {
#ifdef NETSURF_PHILOX_AVX2
  static const bool has_lanes = __builtin_cpu_supports("avx2");
  if (has_lanes) return philox_by_lanes(key, count, draws);
#endif
  philox_one_by_one(key, count, draws);
}

}  // namespace netsurf::cpu
