#pragma once

#include "apps/command.h"

namespace netsurf {

Command show_command();

}  // namespace netsurf
