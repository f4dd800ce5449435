// Numbers that are better written as a quotient: 1/255.
#pragma once

#include <string_view>

#include "apps/command.h"

namespace netsurf {

/// The value of an option in [low, high], as "0.5" or "1/255" (divided in double). Throws InputError naming
/// the option.
double ratio_of(const Arguments& arguments, std::string_view name, double low, double high);

}  // namespace netsurf
