#include "engine/predict/activation_moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/predict/clipped_normal.h"

namespace netsurf {

ActivationMoments::ActivationMoments(const Layer& layer, int in_frac_bits)
    : step_(std::ldexp(1.0, -layer.format.frac_bits())), rounding_(layer.rounding) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double low = layer.wraps ? -kInfinity : static_cast<double>(layer.low_code()) * step_;
  const double high = layer.wraps ? kInfinity : static_cast<double>(layer.high_code()) * step_;
  switch (layer.function) {
    case ActivationFunction::linear:
      lines_ = {{1, low, high}};
      break;
    case ActivationFunction::relu:
      lines_ = {{1, std::max(low, 0.0), std::max(high, 0.0)}};
      break;
    case ActivationFunction::hard_tanh:
      lines_ = {{1, std::max(low, -1.0), std::min(high, 1.0)}};
      break;
    case ActivationFunction::hard_sigmoid:
      offset_ = 0.5;
      lines_ = {{0.5, 2 * std::max(low, 0.0) - 1, 2 * std::min(high, 1.0) - 1}};
      break;
    case ActivationFunction::leaky_relu: {
      const double slope = std::ldexp(static_cast<double>(layer.slope), -layer.slope_shift);
      lines_ = {{1, std::max(low, 0.0), std::max(high, 0.0)}};
      if (slope > 0 && low < 0) lines_.push_back({slope, low / slope, std::min(high / slope, 0.0)});
      break;
    }
  }
  for (Line& line : lines_) line.high = std::max(line.low, line.high);
  const double in_step = std::ldexp(lines_.front().slope, -in_frac_bits);
  lost_ = std::max(0.0, (step_ - in_step) / 2);
}

double ActivationMoments::value(double x) const {
  double y = offset_;
  for (const Line& line : lines_) y += line.slope * std::clamp(x, line.low, line.high);
  return y;
}

void ActivationMoments::round_all(std::span<double> x) const {
  // To the nearest whole number, half to even: what this sum rounds away. Other ways to break ties are not
  // told apart; ties are rare among numbers that vary.
  constexpr double kWhole = 0x1.8p52;
  const double scale = 1 / step_;
  if (lines_.size() == 1) {
    const Line line = lines_.front();
    for (double& each : x)
      each = (offset_ + line.slope * std::min(std::max(each, line.low), line.high)) * scale;
  } else {
    for (double& each : x) each = value(each) * scale;
  }
  switch (rounding_) {
    case core::Rounding::floor:
      for (double& each : x) each = std::floor(each) * step_;
      break;
    case core::Rounding::ceil:
      for (double& each : x) each = std::ceil(each) * step_;
      break;
    case core::Rounding::to_zero:
      for (double& each : x) each = std::trunc(each) * step_;
      break;
    case core::Rounding::away:
      for (double& each : x) each = (each < 0 ? std::floor(each) : std::ceil(each)) * step_;
      break;
    default:
      for (double& each : x) each = ((each + kWhole) - kWhole) * step_;
  }
}

double ActivationMoments::range() const {
  double sum = 0;
  for (const Line& line : lines_) sum += line.slope * (line.high - line.low);
  return sum;
}

OutputMoments ActivationMoments::operator()(double mean, double variance) const {
  OutputMoments y{offset_, 0, 0};
  double product = 1;
  for (const Line& line : lines_) {
    const ClippedMoments part = clipped_normal(mean, variance, line.low, line.high);
    y.mean += line.slope * part.mean;
    y.variance += line.slope * line.slope * part.variance;
    y.gain += line.slope * part.gain;
    product *= line.slope * part.mean;
  }
  // Two lines meet at zero, so one of them is zero always: E(u v) = 0 and Cov(u, v) = -E(u) E(v).
  if (lines_.size() == 2) y.variance = std::max(0.0, y.variance - 2 * product);
  double error = 0;
  switch (rounding_) {
    case core::Rounding::floor:
      error = -lost_;
      break;
    case core::Rounding::ceil:
      error = lost_;
      break;
    case core::Rounding::to_zero:
      error = y.mean < 0 ? lost_ : -lost_;
      break;
    case core::Rounding::away:
      error = y.mean < 0 ? -lost_ : lost_;
      break;
    default:
      break;
  }
  y.mean += error * std::min(1.0, y.gain / lines_.front().slope);  // what saturates is not rounded
  return y;
}

}  // namespace netsurf
