#pragma once

#include "apps/command.h"

namespace netsurf {

Command rank_command();

}  // namespace netsurf
