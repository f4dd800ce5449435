// A model as tables for a person.
#pragma once

#include <string>

#include "engine/model/model.h"

namespace netsurf {

/// Name, digest, counts.
std::string model_summary(const Model& model);

/// One row per layer: what it reads, its codes, and how far its sums can go.
std::string layer_table(const Model& model);

}  // namespace netsurf
