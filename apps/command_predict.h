// netsurf predict: accuracy and loss under faults without injecting any.
#pragma once

#include "apps/command.h"

namespace netsurf {

Command predict_command();

}  // namespace netsurf
