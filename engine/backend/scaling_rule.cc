#include "engine/backend/scaling_rule.h"

#include <cmath>

namespace netsurf {

void ScalingRule::set_scale(cpu::Scaling& scaling, int channel, int32_t scale) const {
  scaling.factor[channel] = std::ldexp(scale, scale_exponent);
  scaling.turn[channel] = turns && scale < 0 ? ~uint32_t{0} : 0;
}

void ScalingRule::set_shift(cpu::Scaling& scaling, int channel, int32_t shift) const {
  scaling.offset[channel] = std::ldexp(shift, shift_exponent) + constant;
}

}  // namespace netsurf
