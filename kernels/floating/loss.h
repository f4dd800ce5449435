// Losses of a batch and their gradients.
#pragma once

#include <cstdint>

namespace netsurf::floating {

/// Mean over the batch of -log softmax(scale x logits)[label], with its gradient in dlogits unless null;
/// counts rows whose largest logit (lowest index wins) is the label into *correct. logits [batch, classes];
/// labels in [0, classes).
double softmax_cross_entropy(int batch, int classes, double scale, const float* logits, const int32_t* labels,
                             float* dlogits, int64_t* correct);

/// Mean over batch and outputs of (y - target)^2, with dy = 2 (y - target) / (batch outputs) unless null.
double mean_squared_error(int batch, int outputs, const float* y, const float* targets, float* dy);

}  // namespace netsurf::floating
