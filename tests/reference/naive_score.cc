#include "tests/reference/naive_score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace netsurf::naive {
namespace {

/// What a difference of one code is worth.
float step_of(const Tensor& scored, Plant plant) {
  float unit = plant == Plant::unit_ignored ? 1.0f : scored.unit;
  return unit * std::ldexp(1.0f, -scored.frac_bits);
}

float float_of(Wide code) { return static_cast<float>(static_cast<int64_t>(code)); }

}  // namespace

int prediction(const std::vector<Wide>& codes, Plant plant) {
  Wide best = *std::max_element(codes.begin(), codes.end());
  if (plant == Plant::last_wins) {
    return static_cast<int>(codes.size()) - 1 -
           static_cast<int>(std::find(codes.rbegin(), codes.rend(), best) - codes.rbegin());
  }
  return static_cast<int>(std::find(codes.begin(), codes.end(), best) - codes.begin());
}

float exp_prescribed(float x, Plant plant) {
  if (x < -87.0f) return 0.0f;
  float turns = x * 0x1.715476p+0f;
  float n = std::nearbyint(turns);
  float high = n * 0x1.62e4p-1f;
  float low = n * 0x1.7f7d1cp-20f;
  float r = x - high;
  r = r - low;
  const std::array<float, 8> coefficients = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24,
                                             1.0f / 6,    0.5f,       1.0f,       1.0f};
  float sum = plant == Plant::short_exp ? 0.0f : coefficients[0];
  for (size_t i = 1; i < coefficients.size(); ++i) {
    float product = sum * r;
    sum = product + coefficients[i];
  }
  return std::ldexp(sum, static_cast<int>(n));
}

float log_prescribed(float s) {
  int e = 0;
  float v = s;
  while (v >= 2.0f) {
    v = v / 2.0f;
    ++e;
  }
  if (v > 0x1.6a09e6p+0f) {
    v = v / 2.0f;
    ++e;
  }
  float u = v - 1.0f;
  float z = u / (2.0f + u);
  float y = z * z;
  const std::array<float, 5> coefficients = {2.0f / 9, 2.0f / 7, 2.0f / 5, 2.0f / 3, 2.0f};
  float p = coefficients[0];
  for (size_t i = 1; i < coefficients.size(); ++i) {
    float product = p * y;
    p = product + coefficients[i];
  }
  float fraction = z * p;
  float whole = static_cast<float>(e) * 0x1.62e430p-1f;
  return fraction + whole;
}

float cross_entropy(const Tensor& scored, int label, Plant plant) {
  Wide best = *std::max_element(scored.codes.begin(), scored.codes.end());
  std::vector<float> x;
  float step = step_of(scored, plant);
  for (Wide code : scored.codes) x.push_back(float_of(code - best) * step);
  float sum = 0.0f;
  for (float each : x) sum = sum + exp_prescribed(each, plant);
  return log_prescribed(sum) - x[static_cast<size_t>(label)];
}

float mean_squared_error(const Tensor& scored, std::span<const float> targets, Plant plant) {
  float step = step_of(scored, plant);
  float sum = 0.0f;
  for (size_t k = 0; k < scored.codes.size(); ++k) {
    float value = float_of(scored.codes[k]) * step;
    float error = value - targets[k];
    float square = error * error;
    sum = sum + square;
  }
  return sum / static_cast<float>(scored.codes.size());
}

int64_t loss_units(float loss, Plant plant) {
  double units = static_cast<double>(std::min(loss, 0x1p20f)) * 0x1p20;  // exact: a power of two
  double below = std::floor(units);
  double rest = units - below;
  int64_t whole = static_cast<int64_t>(below);
  if (plant == Plant::loss_rounds_down) rest = 0.0;
  if (rest > 0.5 || (rest == 0.5 && whole % 2 != 0)) ++whole;
  return std::max<int64_t>(whole, 0);
}

TrialOutcome score(const EvaluationSet& set, const std::vector<Tensor>& scored,
                   const std::vector<Tensor>& clean, bool with_loss, Plant plant) {
  TrialOutcome outcome;
  bool has_labels = !set.labels.empty();
  outcome.correct = has_labels ? 0 : kNoCount;
  with_loss = with_loss && set.task != Task::comparison;
  outcome.loss = with_loss ? 0 : kNoCount;
  for (size_t i = 0; i < scored.size(); ++i) {
    const std::vector<Wide>&faulty = scored[i].codes, &right = clean[i].codes;
    for (size_t k = 0; k < faulty.size(); ++k) {
      Wide most = std::numeric_limits<int64_t>::max();
      Wide square = std::min<Wide>((faulty[k] - right[k]) * (faulty[k] - right[k]), most);
      outcome.distance = static_cast<int64_t>(std::min<Wide>(outcome.distance + square, most));
    }
    if (has_labels) {
      int predicted = prediction(faulty, plant);
      outcome.correct += predicted == set.labels[i] ? 1 : 0;
      outcome.changed += predicted != prediction(right, plant) ? 1 : 0;
    } else {
      outcome.changed += faulty != right ? 1 : 0;
    }
    if (!with_loss) continue;
    size_t targets = static_cast<size_t>(set.num_targets);
    float loss = has_labels ? cross_entropy(scored[i], set.labels[i], plant)
                            : mean_squared_error(scored[i],
                                                 std::span(set.targets).subspan(i * targets, targets), plant);
    outcome.loss += loss_units(loss, plant);
  }
  return outcome;
}

}  // namespace netsurf::naive
