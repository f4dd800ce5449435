#include "bench/packed_marks.h"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace netsurf::cpu {

#if defined(__x86_64__)

namespace {

constexpr int kSums = 8;  // independent sums of a mark

/// An instruction sequence over and over.
struct Mark {
  void (*run)(int64_t steps);
  double macs_per_step;
};

#define NETSURF_KEEP(v) asm volatile("" : "+x"(v))

void run_portable(int64_t steps) {
  __m128i x = _mm_set1_epi8(3), w = _mm_set1_epi8(5), sums[kSums] = {};
  for (int64_t i = 0; i < steps; ++i) {
    for (__m128i& sum : sums) {
      NETSURF_KEEP(x);
      sum = _mm_add_epi32(sum, _mm_madd_epi16(x, w));
      NETSURF_KEEP(x);
      sum = _mm_add_epi32(sum, _mm_madd_epi16(x, w));
    }
  }
  for (__m128i& sum : sums) NETSURF_KEEP(sum);
}

__attribute__((target("avx2"))) void run_wide(int64_t steps) {
  __m256i x = _mm256_set1_epi8(3), w = _mm256_set1_epi8(5), sums[kSums] = {};
  for (int64_t i = 0; i < steps; ++i) {
    for (__m256i& sum : sums) {
      NETSURF_KEEP(x);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
      NETSURF_KEEP(x);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
    }
  }
  for (__m256i& sum : sums) NETSURF_KEEP(sum);
}

template <int kDepth>
__attribute__((target("avx2"))) void run_pairs(int64_t steps) {
  __m256i x = _mm256_set1_epi8(3), w = _mm256_set1_epi8(5), ones = _mm256_set1_epi16(1), sums[kSums] = {};
  for (int64_t i = 0; i < steps; ++i) {
    for (__m256i& sum : sums) {
      __m256i pairs = _mm256_maddubs_epi16(x, w);
      for (int d = 1; d < kDepth; ++d) {
        NETSURF_KEEP(x);
        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(x, w));
      }
      NETSURF_KEEP(x);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
    }
  }
  for (__m256i& sum : sums) NETSURF_KEEP(sum);
}

__attribute__((target("avx2"))) void run_avx_vnni(int64_t steps) {
  __m256i x = _mm256_set1_epi8(3), w = _mm256_set1_epi8(5), sums[12] = {};
  for (int64_t i = 0; i < steps; ++i) {
    for (__m256i& sum : sums) asm volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w));
  }
}

__attribute__((target("avx512f"))) void run_avx512_vnni(int64_t steps) {
  __m512i x = _mm512_set1_epi8(3), w = _mm512_set1_epi8(5), sums[16] = {};
  for (int64_t i = 0; i < steps; ++i) {
    for (__m512i& sum : sums) asm volatile("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
  }
}

void run_amx(int64_t steps) {
  struct {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } config;
  asm volatile("ldtilecfg %0" : : "m"(config));
  for (int64_t i = 0; i < steps; ++i) {
    asm volatile(
        "tdpbsud %tmm6, %tmm4, %tmm0\n\ttdpbsud %tmm7, %tmm4, %tmm1\n\t"
        "tdpbsud %tmm6, %tmm5, %tmm2\n\ttdpbsud %tmm7, %tmm5, %tmm3");
  }
  asm volatile("tilerelease");
}

/// The instructions that a level takes for bytes of these sizes.
Mark instructions_of(Isa isa, int32_t max_operand) {
  switch (isa) {
    case Isa::portable:
      break;
    case Isa::avx2:
      if (max_operand <= 32) return {run_pairs<2>, kSums * 2 * 32};
      if (max_operand <= 64) return {run_pairs<1>, kSums * 32};
      return {run_wide, kSums * 32};
    case Isa::avx_vnni:
      return {run_avx_vnni, 12 * 32};
    case Isa::avx512_vnni:
      return {run_avx512_vnni, 16 * 64};
    case Isa::amx:
      return {run_amx, 4 * 16 * 16 * 64};
  }
  return {run_portable, kSums * 16};
}

double macs_per_second(const Mark& mark) {
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    constexpr int64_t kSteps = 20'000;
    auto start = std::chrono::steady_clock::now();
    mark.run(kSteps);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(kSteps) * mark.macs_per_step / seconds.count());
  }
  return best;
}

}  // namespace

double mark_of(Isa isa, int32_t max_operand) { return macs_per_second(instructions_of(isa, max_operand)); }

#else

double mark_of(Isa, int32_t) { return 0; }

#endif

}  // namespace netsurf::cpu
