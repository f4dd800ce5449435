#pragma once

#include "apps/command.h"

namespace netsurf {

Command import_command();

}  // namespace netsurf
