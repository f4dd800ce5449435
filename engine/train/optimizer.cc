#include "engine/train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

constexpr double kFirstDecay = 0.9, kSecondDecay = 0.999;
constexpr float kEpsilon = 1e-7f;

void add_regularization(Tensor& tensor) {
  if (tensor.l1 == 0 && tensor.l2 == 0) return;
  const auto l1 = static_cast<float>(tensor.l1), l2 = static_cast<float>(2 * tensor.l2);
  for (size_t i = 0; i < tensor.value.size(); ++i) {
    const float w = tensor.value[i];
    tensor.gradient[i] += l2 * w + (w > 0 ? l1 : w < 0 ? -l1 : 0.0f);
  }
}

}  // namespace

void Optimizer::reset() {
  steps_ = 0;
  first_.clear();
  second_.clear();
}

void Optimizer::step(std::vector<Tensor>& tensors, double learning_rate) {
  first_.resize(tensors.size());
  second_.resize(tensors.size());
  ++steps_;
  const double correction = std::sqrt(1 - std::pow(kSecondDecay, static_cast<double>(steps_))) /
                            (1 - std::pow(kFirstDecay, static_cast<double>(steps_)));
  for (size_t t = 0; t < tensors.size(); ++t) {
    Tensor& tensor = tensors[t];
    add_regularization(tensor);
    first_[t].resize(tensor.value.size());
    if (kind_ == OptimizerKind::adam) second_[t].resize(tensor.value.size());
    const auto count = static_cast<int64_t>(tensor.value.size());
    const double rate = learning_rate * tensor.rate * (kind_ == OptimizerKind::adam ? correction : 1.0);
    const auto step_size = static_cast<float>(rate);
    const auto momentum = static_cast<float>(momentum_);
    float* value = tensor.value.data();
    const float* gradient = tensor.gradient.data();
    float* first = first_[t].data();
    float* second = second_[t].data();
    const bool adam = kind_ == OptimizerKind::adam;
    floating::parallel_ranges(count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float g = gradient[i];
        if (adam) {
          first[i] += static_cast<float>(1 - kFirstDecay) * (g - first[i]);
          second[i] += static_cast<float>(1 - kSecondDecay) * (g * g - second[i]);
          value[i] -= step_size * first[i] / (std::sqrt(second[i]) + kEpsilon);
        } else {
          first[i] = momentum * first[i] + g;
          value[i] -= step_size * first[i];
        }
        value[i] = std::clamp(value[i], tensor.bottom, tensor.top);
      }
    });
    for (size_t i = 0; i < tensor.pruned.size(); ++i) {
      if (tensor.pruned[i]) value[i] = 0;
    }
  }
}

double regularization(const std::vector<Tensor>& tensors) {
  double sum = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor.l1 == 0 && tensor.l2 == 0) continue;
    for (float w : tensor.value) {
      const double value = static_cast<double>(w);
      sum += tensor.l1 * std::fabs(value) + tensor.l2 * value * value;
    }
  }
  return sum;
}

}  // namespace netsurf
