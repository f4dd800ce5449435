#pragma once

#include "apps/command.h"

namespace netsurf {

Command oracle_command();

}  // namespace netsurf
