// Arrays become samples: shapes, labels and targets are checked here, whatever file they came from.
#pragma once

#include <string>

#include "engine/model/dataset.h"
#include "models/csv.h"
#include "models/datasets_array.h"

namespace netsurf {

inline constexpr int kMaxClasses = 10000;

/// The samples of one file or pair of files, and what their answers mean.
struct LabelledSamples {
  Samples samples;
  Task task = Task::classification;  // comparison: no answers
  int num_classes = 0;               // classification: columns of one-hot answers, else the largest label + 1
  std::string answers_name;          // the file, for messages
};

/// Joins inputs [N], [N,F], [N,H,W] or [N,H,W,C] (sample shapes {1}, {F}, {H,W,1}, {H,W,C}) with answers:
/// integers [N] or [N,1] are labels, one-hot rows [N,C] of any type are labels, other floats [N] or [N,T] are
/// regression targets. The names stand for the arrays in messages. Throws FormatError: no samples, counts
/// that disagree, values that are not finite, labels outside 0..num_classes-1 (`num_classes` 0: outside
/// 0..kMaxClasses-1).
LabelledSamples make_samples(NumberArray inputs, const std::string& inputs_name, const NumberArray& answers,
                             const std::string& answers_name, int num_classes);

/// Inputs alone, as above.
LabelledSamples make_samples(NumberArray inputs, const std::string& inputs_name);

/// Splits a table into inputs and answers. The answers are the column named label, class or target, else the
/// last one. Whole numbers are labels, unless the column is named target; anything else is a regression
/// target. Throws as above.
LabelledSamples make_samples(const NumberTable& table, const std::string& name, int num_classes);

}  // namespace netsurf
