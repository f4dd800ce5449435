// Several sessions of one model, one per device, as one: each takes a part of every range of trials.
#pragma once

#include <memory>
#include <vector>

#include "engine/backend/backend.h"

namespace netsurf {

/// REQUIRES: at least one session, all of the same model, set and bit space.
std::unique_ptr<Session> make_shared_session(std::vector<std::unique_ptr<Session>> sessions);

}  // namespace netsurf
