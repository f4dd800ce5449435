#pragma once

#include "apps/command.h"

namespace netsurf {

Command train_command();

}  // namespace netsurf
