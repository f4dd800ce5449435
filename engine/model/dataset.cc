#include "engine/model/dataset.h"

#include <array>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

/// Whether two images of as many values differ in more than axes of one.
bool has_other_axes(const Shape& found, const Shape& expected) {
  auto without_ones = [](Shape shape) {
    std::erase(shape, 1);
    return shape;
  };
  return found.size() == 3 && expected.size() == 3 && without_ones(found) != without_ones(expected);
}

void check_fit(const Model& model, const Samples& samples, Task task) {
  const TensorType& in = model.type(0);
  if (samples.count < 1)
    throw InputError("the chosen split of the data set has no samples; choose another with --split");
  if (samples.sample_size() != in.elements()) {
    throw InputError("samples have shape " + shape_text(samples.shape) + " but the model reads " +
                     shape_text(in.shape));
  }
  auto refuse_size = [](const char* what, size_t found, int64_t expected) {
    if (found != static_cast<size_t>(expected)) {
      throw InputError("samples have " + std::to_string(found) + " " + what + ", expected " +
                       std::to_string(expected));
    }
  };
  refuse_size("values", samples.values.size(), samples.count * samples.sample_size());
  if (has_other_axes(samples.shape, in.shape)) {
    throw InputError("samples have shape " + shape_text(samples.shape) + " but the model reads " +
                     shape_text(in.shape) +
                     ": the same axes in another order; images stored channels first can be turned with "
                     "--channels_first");
  }
  int64_t outputs = model.type(model.scored_layer()).elements();
  if (task == Task::classification) {
    refuse_size("labels", samples.labels.size(), samples.count);
    for (int32_t label : samples.labels) {
      if (label < 0 || label >= outputs) {
        throw InputError("label " + std::to_string(label) + " is out of range: the model has " +
                         std::to_string(outputs) + " outputs");
      }
    }
  } else if (task == Task::comparison) {
    return;
  } else if (samples.num_targets != outputs) {
    throw InputError("samples have " + std::to_string(samples.num_targets) + " targets but the model has " +
                     std::to_string(outputs) + " outputs");
  } else {
    refuse_size("target values", samples.targets.size(), samples.count * outputs);
  }
}

}  // namespace

const Samples& Dataset::split(std::string_view split_name) const {
  static const std::array<std::string, 3> kSplits = {"train", "validation", "test"};
  if (split_name == kSplits[0]) return train;
  if (split_name == kSplits[1]) return validation;
  if (split_name == kSplits[2]) return test;
  throw InputError(unknown_word_message("split", split_name, kSplits));
}

EvaluationSet encode(const Model& model, const Samples& samples, Task task) {
  check_fit(model, samples, task);
  EvaluationSet set;
  set.task = task;
  set.count = samples.count;
  set.sample_size = samples.sample_size();
  set.codes.reserve(samples.values.size());
  for (float value : samples.values) set.codes.push_back(quantize(value, model.input()));
  if (task == Task::classification) {
    set.labels = samples.labels;
  } else if (task != Task::comparison) {
    set.num_targets = samples.num_targets;
    set.targets = samples.targets;
  }
  Digest digest;
  digest.add("netsurf evaluation set 1").add(static_cast<int64_t>(task)).add(set.count).add(set.sample_size);
  digest.add(std::span<const int32_t>(set.codes)).add(std::span<const int32_t>(set.labels));
  digest.add_bytes(std::as_bytes(std::span(set.targets)));
  set.digest = digest.hex();
  return set;
}

}  // namespace netsurf
