// Whether a set can be put to a model.
#pragma once

#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

/// Throws InputError for an empty set, and where its codes, labels or targets do not fit the model.
void check_set(const Model& model, const EvaluationSet& set);

}  // namespace netsurf
