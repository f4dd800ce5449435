#pragma once

#include "apps/command.h"

namespace netsurf {

Command sweep_command();

}  // namespace netsurf
