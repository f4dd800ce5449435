// Ways to multiply words of codes by words of kernel operands and add up, in every lane. The loops are
// templates over them. A Unit brings an instruction set's own operations:
//   kLanes; kVectors, kQuads, kPositions: what is computed at once (packed_loops.h)
//   kBytes: how it multiplies bytes
//   add_halves(sum, x, w): sum += x0 w0 + x1 w1, int16
//   add_bytes(sum, x, w), of ByteWay::dot: sum += x0 w0 + .. + x3 w3, uint8 by int8
//   pair_sums(x, w), of ByteWay::pairs: 16 bits x0 w0 + x1 w1 and x2 w2 + x3 w3, uint8 by int8, saturated
//   add_pair_sums(sums, x, w), of ByteWay::pairs: sums += pair_sums(x, w)
// A Dot takes kDepth words at a step and has Shorter, a Dot of fewer words over the same Rows, for the rest;
// or it is kNarrow and takes whole rows.
// kApart: its loops need so many registers that beside other code their addresses would go to memory.
// kInParts: corrections have 16-bit sums over the parts of their job.
#pragma once

#include "kernels/cpu/packed_vector.h"

namespace netsurf::cpu {
namespace {

enum class ByteWay { dot, pairs, widened };

/// A quad's kernel rows as the layer has them.
struct PlainRows {
  const uint8_t* first;
  int64_t stride;  // bytes

  NETSURF_INLINE const uint8_t* at(int row, int64_t word) const { return first + row * stride + 4 * word; }
};

template <typename UnitType>
struct PlainDot {
  using Unit = UnitType;
  using Words = typename Vector<Unit::kLanes>::Words;
  using Rows = PlainRows;
  static constexpr bool kApart = false, kInParts = false, kNarrow = false;
  static NETSURF_INLINE Rows prepare(const LevelLayer& layer, const QuadJob& job, uint8_t*) {
    return {reinterpret_cast<const uint8_t*>(job.weights), int64_t{4} * layer.row_words};
  }
  /// A row of one word, as a correction has it; `memory` must live as long.
  static NETSURF_INLINE Rows row_of(const int32_t& word, uint32_t (&)[2]) {
    return {reinterpret_cast<const uint8_t*>(&word), 0};
  }
};

/// A whole word in one instruction: int16 pairs, or four bytes.
template <typename Unit, Width kWidth>
struct WordDot : PlainDot<Unit> {
  using typename PlainDot<Unit>::Words;
  using Operand = Words;
  using Shorter = WordDot;
  static constexpr int kDepth = 1;
  static NETSURF_INLINE Operand operand(const uint8_t* x) { return load<Words>(x); }
  template <int kColumns>
  static NETSURF_INLINE void add_row(Words (&sums)[kColumns], const Operand (&x)[kColumns],
                                     const PlainRows& rows, int row, int64_t index) {
    const Words w = broadcast<Words>(rows.at(row, index));
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i) {
      if constexpr (kWidth == Width::halves) {
        Unit::add_halves(sums[i], x[i], w);
      } else {
        Unit::add_bytes(sums[i], x[i], w);
      }
    }
  }
};

template <typename Unit>
using HalvesDot = WordDot<Unit, Width::halves>;
template <typename Unit>
using BytesDot = WordDot<Unit, Width::bytes>;

/// Bytes by way of 16-bit sums over kSteps words, one or two: the codes of more would not fit sixteen
/// registers beside the sums. REQUIRES: 2 kSteps max_code max_operand < 2^15.
template <typename Unit, int kSteps>
struct PairsDot : PlainDot<Unit> {
  using typename PlainDot<Unit>::Words;
  using Halves = typename Vector<Unit::kLanes>::Halves;
  using Shorter = PairsDot<Unit, 1>;
  static constexpr int kDepth = kSteps;
  static constexpr bool kInParts = true;
  struct Operand {
    Words x[kSteps];
  };
  static NETSURF_INLINE Operand operand(const uint8_t* x) {
    Operand all;
    NETSURF_UNROLL
    for (int i = 0; i < kSteps; ++i) all.x[i] = load<Words>(x + i * kWordBytes);
    return all;
  }
  template <int kColumns>
  static NETSURF_INLINE void add_row(Words (&sums)[kColumns], const Operand (&x)[kColumns],
                                     const PlainRows& rows, int row, int64_t index) {
    // Word by word, so that few registers are taken at a time.
    Halves pairs[kColumns];
    NETSURF_UNROLL
    for (int d = 0; d < kSteps; ++d) {
      const Words w = broadcast<Words>(rows.at(row, index + d));
      NETSURF_UNROLL
      for (int i = 0; i < kColumns; ++i) {
        const auto both = (Halves)Unit::pair_sums(x[i].x[d], w);
        pairs[i] = d == 0 ? both : pairs[i] + both;
      }
    }
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i)
      Unit::add_halves(sums[i], (Words)pairs[i], (Words)(Halves{} + uint16_t{1}));
  }
};

/// Bytes by way of 16-bit sums over whole rows (add_narrow). REQUIRES: rows_fit.
template <typename UnitType>
struct NarrowDot : PlainDot<UnitType> {
  using Halves = typename Vector<UnitType::kLanes>::Halves;
  static constexpr bool kNarrow = true;
};

/// Whether the products of a row with any codes add up within 16 bits, those of places 0 and 1 and those of
/// places 2 and 3: for each of a quad's rows, as far as a short look tells. Where it pays at all, over so
/// many columns of a tile's samples.
NETSURF_INLINE bool rows_fit(const LevelLayer& layer, const QuadJob& job, int64_t columns) {
  using Halves = Vector<4>::SignedHalves;
  constexpr int kStep = 4, kFewWords = 6, kFewColumns = 4, kRarely = 8;
  if (layer.row_words <= layer.fitting_words) return true;
  // Rows of operands drawn from a normal distribution fit up to half of what may be here.
  const int64_t reach = int64_t{layer.row_words} * layer.max_operand;
  if (reach > INT16_MAX || reach * layer.max_code > kRarely * INT16_MAX) return false;
  if (layer.row_words < kFewWords || columns < kFewColumns) return false;
  const auto* row = reinterpret_cast<const uint8_t*>(job.weights);
  for (int c = 0; c < kQuad; ++c, row += int64_t{4} * layer.row_words) {
    Halves above = {}, below = {};
    for (int i = 0; i < layer.row_words; i += kStep) {
      // The last step takes words twice rather than any behind the row.
      const auto both = load<Halves>(row + 4 * (i + kStep <= layer.row_words ? i : layer.row_words - kStep));
      const Halves even = (Halves)(both << 8) >> 8, odd = both >> 8, zero = {};
      above += larger(even, zero) + larger(odd, zero);
      below += smaller(even, zero) + smaller(odd, zero);
    }
    for (int pair = 0; pair < 2; ++pair) {
      const int64_t most = above[pair] + above[pair + 2] + above[pair + 4] + above[pair + 6],
                    least = below[pair] + below[pair + 2] + below[pair + 4] + below[pair + 6];
      if (most * layer.max_code > INT16_MAX || least * layer.max_code < INT16_MIN) return false;
    }
  }
  return true;
}

/// A quad's kernel rows in int16: one plane of the bytes in even places, one of those in odd ones.
struct WideRows {
  const uint8_t *even, *odd;
  int64_t stride;  // bytes
};

/// Bytes as int16 pairs: even places and odd ones apart.
template <typename UnitType>
struct WideDot {
  using Unit = UnitType;
  using Words = typename Vector<Unit::kLanes>::Words;
  using Halves = typename Vector<Unit::kLanes>::Halves;
  using SignedHalves = typename Vector<Unit::kLanes>::SignedHalves;
  using Rows = WideRows;
  using Shorter = WideDot;
  static constexpr int kDepth = 1;
  static constexpr bool kApart = true, kInParts = false, kNarrow = false;
  struct Operand {
    Words even, odd;
  };
  template <int kLanes>
  static NETSURF_INLINE void widen(const uint8_t* from, uint8_t* even, uint8_t* odd) {
    using Both = typename Vector<kLanes>::SignedHalves;
    Both both = load<Both>(from);
    store(even, (Both)(both << 8) >> 8);
    store(odd, both >> 8);
  }
  static NETSURF_INLINE Rows prepare(const LevelLayer& layer, const QuadJob& job, uint8_t* scratch) {
    constexpr int64_t kStep = 4 * Unit::kLanes;
    const auto* from = reinterpret_cast<const uint8_t*>(job.weights);
    const int64_t stride = int64_t{4} * layer.row_words, bytes = kQuad * stride;
    uint8_t *even = scratch, *odd = scratch + bytes;
    if (bytes < kStep) {
      for (int64_t i = 0; i < bytes; i += 16) widen<4>(from + i, even + i, odd + i);
      return {even, odd, stride};
    }
    for (int r = 0; r < layer.num_runs; ++r) {
      for (int row = 0; row < kQuad; ++row) {
        const int64_t first = row * stride + 4 * layer.runs[r].kernel, end = first + 4 * layer.runs[r].length;
        for (int64_t i = first; i < end; i += kStep) {
          const int64_t at =
              i < bytes - kStep ? i : bytes - kStep;  // a step may take more, but not past the rows
          widen<Unit::kLanes>(from + at, even + at, odd + at);
        }
      }
    }
    return {even, odd, stride};
  }
  static NETSURF_INLINE Rows row_of(const int32_t& word, uint32_t (&memory)[2]) {
    const auto bits = static_cast<uint32_t>(word);
    memory[0] = (static_cast<uint32_t>(static_cast<int8_t>(bits)) & 0xFFFFu) |
                static_cast<uint32_t>(static_cast<int8_t>(bits >> 16)) << 16;
    memory[1] = (static_cast<uint32_t>(static_cast<int8_t>(bits >> 8)) & 0xFFFFu) |
                static_cast<uint32_t>(static_cast<int8_t>(bits >> 24)) << 16;
    return {reinterpret_cast<const uint8_t*>(memory), reinterpret_cast<const uint8_t*>(memory + 1), 0};
  }
  static NETSURF_INLINE Operand operand(const uint8_t* x) {
    Words all = load<Words>(x);
    return {all & 0x00FF00FFu, (Words)((Halves)all >> 8)};
  }
  template <int kColumns>
  static NETSURF_INLINE void add_row(Words (&sums)[kColumns], const Operand (&x)[kColumns],
                                     const WideRows& rows, int row, int64_t index) {
    const int64_t at = row * rows.stride + 4 * index;
    const Words even = broadcast<Words>(rows.even + at);
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i) Unit::add_halves(sums[i], x[i].even, even);
    const Words odd = broadcast<Words>(rows.odd + at);
    NETSURF_UNROLL
    for (int i = 0; i < kColumns; ++i) Unit::add_halves(sums[i], x[i].odd, odd);
  }
};

}  // namespace
}  // namespace netsurf::cpu
