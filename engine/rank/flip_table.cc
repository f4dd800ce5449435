#include "engine/rank/flip_table.h"

#include <cmath>

#include "engine/rank/order.h"

namespace netsurf {

double flip_step(const Parameter& parameter, int32_t operand, int bit) {
  int64_t change = int64_t{core::flip_operand(operand, bit, parameter.storage())} - operand;
  return std::ldexp(static_cast<double>(change), -parameter.format.frac_bits());
}

FlipTable flip_table(const Model& model, const BitSpace& space) {
  FlipTable table;
  table.element.resize(space.size());
  table.step.resize(space.size());
  for_each_bit(space, [&](BitId id, const BitSpace::Segment& segment, int64_t place, int bit) {
    const Parameter& parameter = model.parameters()[static_cast<size_t>(segment.parameter)];
    int32_t operand = parameter.operand(parameter.codes[static_cast<size_t>(place)]);
    if (bit == 0) ++table.num_elements;
    table.element[id] = static_cast<uint32_t>(table.num_elements - 1);
    table.step[id] = flip_step(parameter, operand, bit);
  });
  return table;
}

}  // namespace netsurf
