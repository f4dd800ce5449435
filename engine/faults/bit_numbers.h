// One 64-bit number per bit: bit id's is pair (id mod 2) of the draw of index id / 2, so neighbours share
// one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "kernels/cpu/philox.h"

namespace netsurf {

/// visit(id, numbers) for stretches of the ids [begin, end), ascending: numbers[i] belongs to bit id + i.
/// `epoch`: what stands in the counter's place of a trial.
template <typename Visit>
void draw_bit_numbers(uint64_t key, uint64_t epoch, core::Purpose purpose, uint64_t begin, uint64_t end,
                      const Visit& visit) {
  constexpr uint64_t kDraws = cpu::PhiloxDraws::kMax;
  cpu::PhiloxDraws draws;
  uint64_t numbers[2 * kDraws];
  const uint64_t end_index = (end + 1) / 2;
  for (uint64_t first = begin / 2; first < end_index; first += kDraws) {
    const auto count = static_cast<uint32_t>(std::min(kDraws, end_index - first));
    for (uint32_t i = 0; i < count; ++i)
      draws.set_counter(i, core::counter_of(epoch, static_cast<uint32_t>(first) + i, 0, purpose));
    cpu::philox_all(key, count, draws);
    for (uint32_t i = 0; i < count; ++i) {
      numbers[2 * i] = draws.random[i].pair(0);
      numbers[2 * i + 1] = draws.random[i].pair(1);
    }
    const uint64_t from = std::max(begin, 2 * first), to = std::min(end, 2 * (first + count));
    visit(from, std::span<const uint64_t>(numbers + (from - 2 * first), to - from));
  }
}

}  // namespace netsurf
