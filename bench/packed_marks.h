// The mark of each level of the packed kernels: its multiply-add instructions on registers alone.
#pragma once

#include <cstdint>

#include "kernels/cpu/packed.h"

namespace netsurf::cpu {

/// Products per second of the instructions that a level takes for 8-bit codes and operands up to max_operand,
/// measured now; zero where no mark is written. REQUIRES: this processor has the level.
double mark_of(Isa isa, int32_t max_operand);

}  // namespace netsurf::cpu
