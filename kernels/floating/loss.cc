#include "kernels/floating/loss.h"

#include <algorithm>
#include <cmath>

namespace netsurf::floating {

double softmax_cross_entropy(int batch, int classes, double scale, const float* logits, const int32_t* labels,
                             float* dlogits, int64_t* correct) {
  double loss = 0;
  *correct = 0;
  const double share = scale / batch;
  for (int64_t row = 0; row < batch; ++row) {
    const float* x = logits + row * classes;
    const int best = static_cast<int>(std::max_element(x, x + classes) - x);
    const int label = labels[row];
    *correct += best == label ? 1 : 0;
    const auto below_best = [&](int k) {
      return scale * (static_cast<double>(x[k]) - static_cast<double>(x[best]));
    };
    double sum = 0;
    for (int k = 0; k < classes; ++k) sum += std::exp(below_best(k));
    loss += std::log(sum) - below_best(label);
    if (dlogits == nullptr) continue;
    float* d = dlogits + row * classes;
    for (int k = 0; k < classes; ++k) {
      d[k] = static_cast<float>((std::exp(below_best(k)) / sum - (k == label ? 1.0 : 0.0)) * share);
    }
  }
  return loss / batch;
}

double mean_squared_error(int batch, int outputs, const float* y, const float* targets, float* dy) {
  double loss = 0;
  const int64_t count = int64_t{batch} * outputs;
  const float share = 2.0f / static_cast<float>(count);
  for (int64_t i = 0; i < count; ++i) {
    const float error = y[i] - targets[i];
    loss += static_cast<double>(error) * static_cast<double>(error);
    if (dy != nullptr) dy[i] = error * share;
  }
  return loss / static_cast<double>(count);
}

}  // namespace netsurf::floating
