#include "engine/backend/planner.h"

namespace netsurf {

std::string_view name_of(Path) { return "plain"; }

Path choose_path(const Model&, const TrialPlan&) { return Path::plain; }

}  // namespace netsurf
