// Chooses the path a backend takes for one plan. All paths give the same bits, so the choice is about time
// alone.
#pragma once

#include <string_view>

#include "engine/faults/trial.h"
#include "engine/model/model.h"

namespace netsurf {

enum class Path : uint8_t {
  plain,  // core functions in loops
};

std::string_view name_of(Path path);

/// The cheapest path that can run this plan on this model.
Path choose_path(const Model& model, const TrialPlan& plan);

}  // namespace netsurf
