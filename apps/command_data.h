#pragma once

#include "apps/command.h"

namespace netsurf {

Command data_command();

}  // namespace netsurf
