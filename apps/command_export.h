#pragma once

#include "apps/command.h"

namespace netsurf {

Command export_command();

}  // namespace netsurf
