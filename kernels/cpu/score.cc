#include "kernels/cpu/score.h"

#include <algorithm>
#include <bit>

#include "kernels/core/score.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NETSURF_HAS_WIDENING_LANES
#endif

namespace netsurf::cpu {
namespace {

// Both functions below choose by integer operations: GCC makes branches of float comparisons, which might
// trap, and then no vectors.

/// core::exp_core(x). REQUIRES: x <= 0; the bits of such numbers, read as integers, order them by magnitude.
[[gnu::always_inline]] inline float exp_of(float x) {
  constexpr uint32_t kLowest = std::bit_cast<uint32_t>(core::kLowestExponent);
  uint32_t bits = std::bit_cast<uint32_t>(x);
  uint32_t held = std::min(bits, kLowest);
  auto beyond = static_cast<uint32_t>(static_cast<int32_t>(held - bits) >> 31);  // all ones where x was held
  float power = core::exp_in_range(std::bit_cast<float>(held));
  return std::bit_cast<float>(std::bit_cast<uint32_t>(power) & ~beyond);
}

/// core::loss_units(loss). REQUIRES: loss is not negative (nor -0).
[[gnu::always_inline]] inline int64_t units_of(float loss) {
  constexpr double kShift = 0x1.8p52;  // adding it leaves no fraction bits of numbers below 2^51
  uint32_t held = std::min(std::bit_cast<uint32_t>(loss), std::bit_cast<uint32_t>(core::kMaxLoss));
  double scaled = static_cast<double>(std::bit_cast<float>(held)) * double{core::kMaxLoss};
  return std::bit_cast<int64_t>(scaled + kShift) - std::bit_cast<int64_t>(kShift);
}

[[gnu::always_inline]] inline int64_t square(int32_t code, int32_t clean) {
  int64_t difference = code - clean;
  return difference * difference;
}

#if defined(NETSURF_HAS_WIDENING_LANES)
bool has_lanes() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}

[[gnu::always_inline, gnu::target("avx2")]] inline __m256i load_lanes(const int32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

/// Sums of squares, of even lanes and of odd ones. The compiler widens both factors before it multiplies; the
/// instruction multiplies 32 bits into 64.
struct SquareSums {
  __m256i even, odd;
  [[gnu::always_inline, gnu::target("avx2")]] inline void clear() { even = odd = _mm256_setzero_si256(); }
  [[gnu::always_inline, gnu::target("avx2")]] inline void add(__m256i difference) {
    __m256i odds = _mm256_srli_epi64(difference, 32);
    even = _mm256_add_epi64(even, _mm256_mul_epi32(difference, difference));
    odd = _mm256_add_epi64(odd, _mm256_mul_epi32(odds, odds));
  }
  [[gnu::always_inline, gnu::target("avx2")]] inline int64_t total() const {
    int64_t lanes[4];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), _mm256_add_epi64(even, odd));
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
  }
};

[[gnu::target("avx2")]] int64_t distance_by_lanes(const int32_t* codes, const int32_t* clean, int64_t count) {
  SquareSums sums;
  sums.clear();
  for (int64_t i = 0; i < count; i += 8)
    sums.add(_mm256_sub_epi32(load_lanes(codes + i), load_lanes(clean + i)));
  return sums.total();
}

/// The lanes that are equal, as bits.
[[gnu::always_inline, gnu::target("avx2")]] inline uint32_t equal_lanes(__m256i a, __m256i b) {
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b))));
}

/// Of all kTile samples; `largest` and `changed` if kKeeps.
template <bool kKeeps>
[[gnu::target("avx2")]] AnswerCounts answers_by_lanes(const int32_t* codes, const int32_t* clean,
                                                      int num_codes, const int32_t* clean_predictions,
                                                      const int32_t* labels, int32_t* largest,
                                                      uint32_t& changed) {
  constexpr int kLanes = 8, kVectors = 2;  // that stay in registers
  SquareSums sums;
  sums.clear();
  uint32_t unchanged = 0, same = 0, correct = 0;  // samples
  for (int s = 0; s < kTile; s += kLanes * kVectors) {
    __m256i best[kVectors], index[kVectors], differs[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      best[v] = _mm256_set1_epi32(INT32_MIN);  // is never passed by itself: index 0 stays
      index[v] = differs[v] = _mm256_setzero_si256();
    }
    __m256i row = _mm256_setzero_si256();
    const __m256i one = _mm256_set1_epi32(1);
    const int32_t *at = codes + s, *clean_at = clean + s;
    for (int k = 0; k < num_codes; ++k, at += kTile, clean_at += kTile) {
      for (int v = 0; v < kVectors; ++v) {
        const __m256i code = load_lanes(at + v * kLanes);
        const __m256i difference = _mm256_sub_epi32(code, load_lanes(clean_at + v * kLanes));
        sums.add(difference);
        if (kKeeps) differs[v] = _mm256_or_si256(differs[v], difference);
        index[v] = _mm256_blendv_epi8(index[v], row, _mm256_cmpgt_epi32(code, best[v]));
        best[v] = _mm256_max_epi32(best[v], code);
      }
      row = _mm256_add_epi32(row, one);
    }
    for (int v = 0; v < kVectors; ++v) {
      const int lane = s + v * kLanes;
      same |= equal_lanes(index[v], load_lanes(clean_predictions + lane)) << lane;
      correct |= equal_lanes(index[v], load_lanes(labels + lane)) << lane;
      if (!kKeeps) continue;
      unchanged |= equal_lanes(differs[v], _mm256_setzero_si256()) << lane;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(largest + lane), best[v]);
    }
  }
  if (kKeeps) changed = ~unchanged;
  return {sums.total(), kTile - std::popcount(same), std::popcount(correct)};
}
#endif

/// `count` is a multiple of kTile.
int64_t squared_distance_of_all(const int32_t* codes, const int32_t* clean, int64_t count) {
#if defined(NETSURF_HAS_WIDENING_LANES)
  if (has_lanes()) return distance_by_lanes(codes, clean, count);
#endif
  int64_t distance = 0;
  for (int64_t i = 0; i < count; ++i) distance += square(codes[i], clean[i]);
  return distance;
}

AnswerCounts answers_in_passes(const int32_t* codes, const int32_t* clean, int num_codes,
                               const int32_t* clean_predictions, const int32_t* labels, int count,
                               int32_t* largest) {
  int32_t predictions[kTile];
  find_largest(codes, num_codes, predictions, largest);
  return {squared_distance(codes, clean, num_codes, count),
          count_different(predictions, clean_predictions, count),
          count - count_different(predictions, labels, count)};
}

}  // namespace

bool scores_fit(int64_t low, int64_t high, int64_t num_codes) {
  if (low < INT32_MIN || high > INT32_MAX || high - low > INT32_MAX) return false;
  return (high - low) * (high - low) <= INT64_MAX / kTile / num_codes;
}

NETSURF_CLONES void find_largest(const int32_t* codes, int num_codes, int32_t* predictions,
                                 int32_t* largest) {
  int32_t best[kTile], index[kTile];
  // The first two codes (or the only one, twice) start them: zeros and copies would become slow string moves.
  const int32_t* row = codes + (num_codes > 1 ? kTile : 0);
  for (int s = 0; s < kTile; ++s) {
    bool is_larger = row[s] > codes[s];
    index[s] = is_larger ? 1 : 0;
    best[s] = is_larger ? row[s] : codes[s];
  }
  for (int k = 2; k < num_codes; ++k) {
    row += kTile;
    for (int s = 0; s < kTile; ++s) {
      bool is_larger = row[s] > best[s];
      index[s] = is_larger ? k : index[s];
      best[s] = is_larger ? row[s] : best[s];
    }
  }
  for (int s = 0; s < kTile; ++s) {
    predictions[s] = index[s];
    largest[s] = best[s];
  }
}

NETSURF_CLONES int count_different(const int32_t* a, const int32_t* b, int count) {
  int different = 0;
  for (int s = 0; s < kTile; ++s) different += static_cast<int>(a[s] != b[s]) & static_cast<int>(s < count);
  return different;
}

NETSURF_CLONES int count_changed(const int32_t* codes, const int32_t* clean, int num_codes, int count) {
  int32_t different[kTile] = {};
  for (int k = 0; k < num_codes; ++k, codes += kTile, clean += kTile) {
    for (int s = 0; s < kTile; ++s) different[s] |= codes[s] ^ clean[s];
  }
  int changed = 0;
  for (int s = 0; s < kTile; ++s)
    changed += static_cast<int>(different[s] != 0) & static_cast<int>(s < count);
  return changed;
}

int64_t squared_distance(const int32_t* codes, const int32_t* clean, int num_codes, int count) {
  int64_t distance = 0;
  if (count == kTile) return squared_distance_of_all(codes, clean, int64_t{num_codes} * kTile);
  for (int k = 0; k < num_codes; ++k, codes += kTile, clean += kTile) {
    for (int s = 0; s < count; ++s) distance += square(codes[s], clean[s]);
  }
  return distance;
}

AnswerCounts count_answers(const int32_t* codes, const int32_t* clean, int num_codes,
                           const int32_t* clean_predictions, const int32_t* labels, int count) {
#if defined(NETSURF_HAS_WIDENING_LANES)
  uint32_t none;
  if (count == kTile && has_lanes())
    return answers_by_lanes<false>(codes, clean, num_codes, clean_predictions, labels, nullptr, none);
#endif
  int32_t largest[kTile];
  return answers_in_passes(codes, clean, num_codes, clean_predictions, labels, count, largest);
}

AnswerCounts count_answers(const int32_t* codes, const int32_t* clean, int num_codes,
                           const int32_t* clean_predictions, const int32_t* labels, int count,
                           int32_t* largest, uint32_t& changed) {
#if defined(NETSURF_HAS_WIDENING_LANES)
  if (count == kTile && has_lanes())
    return answers_by_lanes<true>(codes, clean, num_codes, clean_predictions, labels, largest, changed);
#endif
  changed = changed_samples(codes, clean, num_codes);
  return answers_in_passes(codes, clean, num_codes, clean_predictions, labels, count, largest);
}

NETSURF_CLONES int64_t cross_entropy(const int32_t* codes, int num_codes, float step, const int32_t* largest,
                                     const int32_t* labels) {
  float sum[kTile] = {}, labelled[kTile];
  for (int k = 0; k < num_codes; ++k) {
    const int32_t* row = codes + int64_t{k} * kTile;
    for (int s = 0; s < kTile; ++s) sum[s] += exp_of(static_cast<float>(row[s] - largest[s]) * step);
  }
  for (int s = 0; s < kTile; ++s)
    labelled[s] = static_cast<float>(codes[int64_t{labels[s]} * kTile + s] - largest[s]) * step;
  int64_t loss = 0;
  for (int s = 0; s < kTile; ++s) loss += units_of(core::log_core(sum[s]) - labelled[s]);
  return loss;
}

NETSURF_CLONES uint32_t changed_samples(const int32_t* codes, const int32_t* clean, int num_codes) {
  static_assert(kTile == 32);
  int32_t different[kTile] = {};
  for (int k = 0; k < num_codes; ++k, codes += kTile, clean += kTile) {
    for (int s = 0; s < kTile; ++s) different[s] |= codes[s] ^ clean[s];
  }
  uint32_t samples = 0;
  for (int s = 0; s < kTile; ++s) samples |= static_cast<uint32_t>(different[s] != 0) << s;
  return samples;
}

NETSURF_CLONES int64_t cross_entropy_of(const int32_t* codes, int num_codes, float step,
                                        const int32_t* largest, const int32_t* labels, uint32_t samples) {
  constexpr int kLanes = 8;
  int64_t loss = 0;
  while (samples != 0) {
    int place[kLanes], count = 0;
    for (; count < kLanes && samples != 0; samples &= samples - 1) place[count++] = std::countr_zero(samples);
    for (int i = count; i < kLanes; ++i) place[i] = place[0];
    int32_t top[kLanes], label[kLanes];
    for (int i = 0; i < kLanes; ++i) {
      top[i] = largest[place[i]];
      label[i] = codes[int64_t{labels[place[i]]} * kTile + place[i]];
    }
    float sum[kLanes] = {};
    for (int k = 0; k < num_codes; ++k) {
      const int32_t* row = codes + int64_t{k} * kTile;
      int32_t code[kLanes];
      for (int i = 0; i < kLanes; ++i) code[i] = row[place[i]];
      for (int i = 0; i < kLanes; ++i) sum[i] += exp_of(static_cast<float>(code[i] - top[i]) * step);
    }
    int64_t units[kLanes];
    for (int i = 0; i < kLanes; ++i)
      units[i] = units_of(core::log_core(sum[i]) - static_cast<float>(label[i] - top[i]) * step);
    for (int i = 0; i < count; ++i) loss += units[i];
  }
  return loss;
}

NETSURF_CLONES int64_t squared_error(const int32_t* codes, int num_codes, float step, const float* targets) {
  float sum[kTile] = {};
  for (int k = 0; k < num_codes; ++k, codes += kTile, targets += kTile) {
    for (int s = 0; s < kTile; ++s) {
      float error = static_cast<float>(codes[s]) * step - targets[s];
      sum[s] += error * error;
    }
  }
  int64_t loss = 0;
  for (int s = 0; s < kTile; ++s) loss += units_of(sum[s] / static_cast<float>(num_codes));
  return loss;
}

}  // namespace netsurf::cpu
