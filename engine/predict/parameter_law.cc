#include "engine/predict/parameter_law.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
double step_of(const Parameter& parameter, int32_t code, int bit) {
  const int64_t change =
      int64_t{parameter.operand(flipped_code(parameter, code, bit))} - parameter.operand(code);
  return std::ldexp(static_cast<double>(change), -parameter.format.frac_bits());
}

ParameterLaw::ParameterLaw(const Model& model, const BitSpace& space, std::span<const double> rates)
    : model_(model),
      space_(space),
      rates_(rates.begin(), rates.end()),
      log_clean_(model.parameters().size()) {
  for (size_t i = 0; i < model.parameters().size(); ++i) {
    const size_t size = model.parameters()[i].codes.size();
    TensorLaw law{std::vector<double>(size), std::vector<double>(size)};
    for (size_t k = 0; k < size; ++k) law.mean[k] = clean(static_cast<int>(i), static_cast<int64_t>(k));
    tensors_.push_back(std::move(law));
  }
  for (const BitSpace::Segment& segment : space.segments()) {
    const Parameter& parameter = model.parameters()[static_cast<size_t>(segment.parameter)];
    TensorLaw& law = tensors_[static_cast<size_t>(segment.parameter)];
    for (BitId id = segment.begin; id < segment.end; ++id) {
      const double rate = rates_[id];
      if (rate == 0) continue;
      const BitId place = (id - segment.begin) / static_cast<BitId>(segment.bits);
      const size_t element = segment.elements.empty() ? place : segment.elements[place];
      const double step = step_of(parameter, parameter.codes[element],
                                  static_cast<int>((id - segment.begin) % static_cast<BitId>(segment.bits)));
      log_clean_[static_cast<size_t>(segment.parameter)] += std::log1p(-rate);
      law.mean[element] += rate * step;
      law.variance[element] += rate * (1 - rate) * step * step;
    }
  }
}

double ParameterLaw::clean(int parameter, int64_t element) const {
  const Parameter& p = model_.parameters()[static_cast<size_t>(parameter)];
  const int32_t operand = p.operand(p.codes[static_cast<size_t>(element)]);
  return std::ldexp(static_cast<double>(operand), -p.format.frac_bits());
}

std::vector<BitStep> ParameterLaw::steps(int parameter, int64_t element) const {
  std::vector<BitStep> result;
  const Parameter& p = model_.parameters()[static_cast<size_t>(parameter)];
  for (const BitSpace::Segment& segment : space_.segments()) {
    if (segment.parameter != parameter) continue;
    int64_t place = element;
    if (!segment.elements.empty()) {
      const auto found =
          std::lower_bound(segment.elements.begin(), segment.elements.end(), static_cast<uint32_t>(element));
      if (found == segment.elements.end() || *found != element) return result;
      place = found - segment.elements.begin();
    }
    for (int bit = 0; bit < segment.bits; ++bit) {
      const auto id = static_cast<BitId>(segment.begin + place * segment.bits + bit);
      if (rates_[id] == 0) continue;
      result.push_back({rates_[id], step_of(p, p.codes[static_cast<size_t>(element)], bit), id});
    }
  }
  return result;
}

}  // namespace netsurf
