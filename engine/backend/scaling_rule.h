// What the operands of an affine layer mean to the kernels that end in it.
#pragma once

#include <cstdint>

#include "kernels/cpu/packed.h"

namespace netsurf {

/// From the operands of an affine layer to a cpu::Scaling, in steps of the activation's codes: factor = scale
/// 2^scale_exponent, offset = shift 2^shift_exponent + constant.
struct ScalingRule {
  int scale_exponent = 0, shift_exponent = 0;
  double constant = 0;
  bool turns = false;  // a factor below zero turns a pool around

  void set_scale(cpu::Scaling& scaling, int channel, int32_t scale) const;
  void set_shift(cpu::Scaling& scaling, int channel, int32_t shift) const;
};

}  // namespace netsurf
