#include "engine/backend/check_set.h"

#include <string>

#include "engine/base/error.h"

namespace netsurf {

void check_set(const Model& model, const EvaluationSet& set) {
  auto expect = [](const char* what, int64_t found, int64_t expected) {
    if (found != expected) {
      throw InputError("the evaluation set has " + std::to_string(found) + " " + what + ", expected " +
                       std::to_string(expected) + " for this model");
    }
  };
  if (set.count < 1) throw InputError("the evaluation set has no samples");
  int64_t outputs = model.type(model.scored_layer()).elements();
  bool classifies = set.task == Task::classification;
  bool has_targets = !classifies && set.task != Task::comparison;
  expect("values per sample", set.sample_size, model.type(0).elements());
  expect("codes", static_cast<int64_t>(set.codes.size()), set.count * set.sample_size);
  expect("labels", static_cast<int64_t>(set.labels.size()), classifies ? set.count : 0);
  expect("targets", static_cast<int64_t>(set.targets.size()), has_targets ? set.count * outputs : 0);
  for (int32_t label : set.labels) {
    if (label < 0 || label >= outputs) {
      throw InputError("label " + std::to_string(label) + " is out of range: the model has " +
                       std::to_string(outputs) + " outputs");
    }
  }
  const TensorType& input = model.type(0);
  for (int32_t code : set.codes) {
    if (code < input.low || code > input.high) {
      throw InputError("input code " + std::to_string(code) + " does not fit the model's input format " +
                       model.input().format.text());
    }
  }
}

}  // namespace netsurf
