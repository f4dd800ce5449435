#pragma once

#include "apps/command.h"

namespace netsurf {

Command replay_command();

}  // namespace netsurf
