#include "engine/rank/deltas.h"

#include <algorithm>
#include <vector>

#include "engine/rank/order.h"

namespace netsurf {
namespace {

std::vector<bool> find_thresholds(const Model& model) {
  std::vector<bool> is_threshold(model.parameters().size());
  for (const Layer& layer : model.layers()) {
    if (layer.thresholds >= 0) is_threshold[static_cast<size_t>(layer.thresholds)] = true;
  }
  return is_threshold;
}

int32_t delta_of(const Parameter& parameter, int32_t operand, int bit) {
  int32_t flipped = core::flip_operand(operand, bit, parameter.storage());
  if (parameter.bipolar) return flipped;  // (-1 - 1) / 2, and the other way round
  int64_t delta = int64_t{flipped} - operand, most = parameter.max_magnitude();
  return static_cast<int32_t>(std::clamp(delta, -most, most));
}

}  // namespace

int num_places(const BitSpace& space) {
  int places = 0;
  for (const BitSpace::Segment& segment : space.segments()) places = std::max(places, segment.bits);
  return places;
}

ParameterOperands delta_operands(const Model& model, const BitSpace& space, int place) {
  ParameterOperands operands = PlainNetwork(model).clean_parameters();
  std::vector<bool> is_threshold = find_thresholds(model);
  for_each_bit(space, [&](BitId, const BitSpace::Segment& segment, int64_t element, int bit) {
    auto index = static_cast<size_t>(segment.parameter);
    if (bit != segment.bits - 1 - place || is_threshold[index]) return;
    int32_t& operand = operands[index][static_cast<size_t>(element)];
    operand = delta_of(model.parameters()[index], operand, bit);
  });
  return operands;
}

}  // namespace netsurf
