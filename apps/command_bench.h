#pragma once

#include "apps/command.h"

namespace netsurf {

Command bench_command();

}  // namespace netsurf
