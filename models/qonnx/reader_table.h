// Every operator that is understood: one row each.
#pragma once

#include <string_view>

#include "models/qonnx/reader_step.h"

namespace netsurf::qonnx {

struct OperatorRow {
  Domain domain;
  std::string_view type;
  std::string_view attributes;  // the ones it may have, space-separated
  int least_inputs, most_inputs;
  Fold fold;            // on constants; nullptr where it has no meaning for them
  Translate translate;  // on computed tensors; nullptr alike
};

/// Checks the number of inputs and the attributes. Throws Complaint for an operator that no row names.
const OperatorRow& row_of(const Operator& op);

}  // namespace netsurf::qonnx
