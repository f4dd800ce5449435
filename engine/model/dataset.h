// Samples as numbers: what a network is trained on (real values) and what its faulty copies are measured on
// (input codes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/layer.h"
#include "engine/model/model.h"

namespace netsurf {

enum class Task : uint8_t {
  classification,  // labels; score = argmax, loss = cross-entropy
  regression,      // targets; loss = mean squared error
  reconstruction,  // targets = inputs
  comparison,      // no answers: only what changed from the clean outputs
};

/// One split. Values are channels last, C order.
struct Samples {
  Shape shape;  // of one sample
  int64_t count = 0;
  std::vector<float> values;    // [count, shape]
  std::vector<int32_t> labels;  // [count] for classification, else empty
  int num_targets = 0;          // per sample, for regression and reconstruction
  std::vector<float> targets;   // [count, num_targets], else empty

  int64_t sample_size() const { return num_elements(shape); }
};

struct Dataset {
  std::string name;
  Task task = Task::classification;  // what its answers are for
  int num_classes = 0;               // classification
  Samples train, validation, test;

  /// "train", "validation" or "test"; throws InputError for another word.
  const Samples& split(std::string_view name) const;
};

/// A split turned into input codes of one model. What a backend runs on.
struct EvaluationSet {
  Task task = Task::classification;
  int64_t count = 0;
  int64_t sample_size = 0;
  std::vector<int32_t> codes;   // [count, sample_size], in the model's input format
  std::vector<int32_t> labels;  // [count] or empty
  int num_targets = 0;
  std::vector<float> targets;  // [count, num_targets] or empty
  std::string digest;          // SHA-256 over the task, the codes, labels and targets
};

/// Quantizes `samples` as the model's input layer says. Throws InputError when shapes, class count or targets
/// do not fit the model.
EvaluationSet encode(const Model& model, const Samples& samples, Task task);

}  // namespace netsurf
