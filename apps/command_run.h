#pragma once

#include "apps/command.h"

namespace netsurf {

Command run_command();

}  // namespace netsurf
