// What faults of a quad's own weights add to updates: corrections of the clean words, for any Dot of depth 1.
#pragma once

#include "kernels/cpu/packed_dot.h"

namespace netsurf::cpu {
namespace {

/// Adds what the jobs' own faults make of clean words to the sums of kRows / kQuad quads, before any product
/// shift. A column is some samples at some pixel, whose clean words begin at clean_x[column].
template <typename Dot, int kRows, int kColumns>
NETSURF_INLINE void add_own(const QuadJob* jobs, const uint8_t* const (&clean_x)[kColumns],
                            typename Dot::Words (&sums)[kRows][kColumns]) {
  using Words = typename Dot::Words;
  for (int q = 0; q < kRows / kQuad; ++q) {
    for (int j = 0; j < jobs[q].num_own; ++j) {
      const ChannelJob& own = jobs[q].own[j];
      Words added[kColumns] = {};
      for (int i = 0; i < own.num_corrections; ++i) {
        uint32_t memory[2];
        const typename Dot::Rows row = Dot::row_of(own.corrections[i].difference, memory);
        const int64_t byte = int64_t{own.corrections[i].word} * kWordBytes;
        typename Dot::Operand operands[kColumns];
        NETSURF_UNROLL
        for (int c = 0; c < kColumns; ++c) operands[c] = Dot::operand(clean_x[c] + byte);
        Dot::template add_row<kColumns>(added, operands, row, 0, 0);
      }
      const int at = q * kQuad + own.channel % kQuad;
      NETSURF_UNROLL
      for (int r = 0; r < kRows; ++r) {  // sums stay in registers: their index must be known
        if (r != at) continue;
        NETSURF_UNROLL
        for (int c = 0; c < kColumns; ++c) sums[r][c] += added[c];
      }
    }
  }
}

/// What own faults add to a quad's sums whatever the words are, after any product shift.
struct OwnStarts {
  uint32_t of[kQuad] = {};

  NETSURF_INLINE explicit OwnStarts(const QuadJob& job) {
    for (int j = 0; j < job.num_own; ++j)
      of[job.own[j].channel % kQuad] = static_cast<uint32_t>(job.own[j].start_change);
  }
};

}  // namespace
}  // namespace netsurf::cpu
