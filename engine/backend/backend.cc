#include "engine/backend/backend.h"

#include "engine/backend/check_set.h"
#include "engine/base/error.h"

namespace netsurf {

std::unique_ptr<Session> Backend::open(const Model& model, const EvaluationSet& set, BitSpace space,
                                       const SessionOptions& options) {
  if (std::optional<std::string> reason = supports(model))
    throw InputError("backend " + std::string(name()) + " cannot run this model: " + *reason);
  check_set(model, set);
  return do_open(model, set, std::move(space), options);
}

std::vector<TrialOutcome> Session::run(const TrialPlan& plan) {
  if (plan.begin > plan.end) {
    throw InputError("trials [" + std::to_string(plan.begin) + ", " + std::to_string(plan.end) +
                     ") run backwards");
  }
  std::vector<TrialOutcome> outcomes = do_run(plan);
  if (outcomes.size() != plan.end - plan.begin) {
    throw RunError("backend " + path() + " returned " + std::to_string(outcomes.size()) + " outcomes for " +
                   std::to_string(plan.end - plan.begin) + " trials");
  }
  return outcomes;
}

}  // namespace netsurf
