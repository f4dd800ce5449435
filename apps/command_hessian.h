// netsurf hessian: how the loss curves at a network's weights.
#pragma once

#include "apps/command.h"

namespace netsurf {

Command hessian_command();

}  // namespace netsurf
