#include "models/foreign/chain.h"

#include <algorithm>
#include <cmath>

namespace netsurf::foreign {
namespace {

float run_step(const Step& step, size_t channel, float x) {
  switch (step.op) {
    case Op::add_constant:
      return x + at(step.constant, channel);
    case Op::multiply_constant:
      return x * at(step.constant, channel);
    case Op::divide_constant:
      return x / at(step.constant, channel);
    case Op::relu:
      return std::max(x, 0.0f);
    case Op::leaky_relu:
      return x >= 0 ? x : x * static_cast<float>(step.alpha);
    case Op::clip:
      return std::min(std::max(x, step.minimum), step.maximum);
    case Op::hard_tanh:
      return std::min(std::max(x, -1.0f), 1.0f);
    case Op::hard_sigmoid:
      return std::min(std::max(0.5f * x + 0.5f, 0.0f), 1.0f);
    case Op::tanh:
      return static_cast<float>(std::tanh(static_cast<double>(x)));
    default:
      return static_cast<float>(1.0 / (1.0 + std::exp(-static_cast<double>(x))));
  }
}

template <typename T>
T element(const std::vector<T>& values, size_t channel) {
  return values.size() == 1 ? values[0] : values[channel];
}

/// Applies `change(value, constant of the channel)` to values, widened to the constant's channels first.
template <typename Change>
void change_each(std::vector<double>& values, const std::vector<float>& constant, Change change) {
  if (values.size() < constant.size()) values.resize(constant.size(), values[0]);
  for (size_t c = 0; c < values.size(); ++c)
    values[c] = change(values[c], static_cast<double>(at(constant, c)));
}

void apply(const Step& step, AffineMap& map) {
  if (step.op == Op::add_constant) {
    change_each(map.shift, step.constant, [](double b, double k) { return b + k; });
    map.shift_is_learned = map.shift_is_learned || step.is_learned;
    return;
  }
  bool divides = step.op == Op::divide_constant;
  auto scaled = [divides](double a, double k) { return divides ? a / k : a * k; };
  change_each(map.scale, step.constant, scaled);
  change_each(map.shift, step.constant, scaled);
  map.scale_is_learned = map.scale_is_learned || step.is_learned;
}

}  // namespace

double at(const std::vector<double>& values, size_t channel) { return element(values, channel); }
float at(const std::vector<float>& values, size_t channel) { return element(values, channel); }

int sign_at(const std::vector<int>& directions, size_t channel) {
  return element(directions, channel) < 0 ? -1 : 1;
}

bool is_affine(const Step& step) {
  return step.op == Op::add_constant || step.op == Op::multiply_constant || step.op == Op::divide_constant;
}

float run_chain(const std::vector<Step>& chain, size_t channel, float x) {
  for (const Step& step : chain) x = run_step(step, channel, x);
  return x;
}

bool AffineMap::is_identity() const {
  return std::all_of(scale.begin(), scale.end(), [](double a) { return a == 1; }) &&
         std::all_of(shift.begin(), shift.end(), [](double b) { return b == 0; });
}

std::optional<ChainParts> take_apart(const std::vector<Step>& chain) {
  ChainParts parts;
  for (const Step& step : chain) {
    if (!parts.function && is_affine(step)) {
      apply(step, parts.before);
    } else if (!parts.function) {
      parts.function = step;
    } else if (step.op == Op::relu && parts.function->op == Op::relu) {
      continue;
    } else {
      AffineMap after;
      if (!is_affine(step) || step.constant.size() != 1 || step.is_learned) return std::nullopt;
      apply(step, after);
      if (after.shift[0] != 0 || !(after.scale[0] > 0)) return std::nullopt;
      parts.after *= after.scale[0];
    }
  }
  return parts;
}

std::vector<int> directions(const std::vector<Step>& chain) {
  std::vector<int> signs = {1};
  for (const Step& step : chain) {
    if (step.op != Op::multiply_constant && step.op != Op::divide_constant) continue;
    if (signs.size() < step.constant.size()) signs.resize(step.constant.size(), signs[0]);
    for (size_t c = 0; c < signs.size(); ++c) {
      float k = at(step.constant, c);
      signs[c] *= (k > 0 ? 1 : 0) - (k < 0 ? 1 : 0);
    }
  }
  return signs;
}

std::vector<Step> repeated(std::vector<Step> chain, size_t times) {
  for (Step& step : chain) {
    if (step.constant.size() < 2) continue;
    std::vector<float> channels = step.constant;
    for (size_t i = 1; i < times; ++i)
      step.constant.insert(step.constant.end(), channels.begin(), channels.end());
  }
  return chain;
}

}  // namespace netsurf::foreign
