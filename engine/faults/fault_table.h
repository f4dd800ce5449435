// Given fault lists, for FaultModel::list: a text with one trial a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/faults/trial.h"

namespace netsurf {

/// Sorts each list, drops repeats, and computes the digest.
FaultTable make_fault_table(std::vector<std::vector<BitId>> trials);

/// BitIds separated by blanks, commas or semicolons; "-" alone is a trial without flips; empty lines and
/// lines that begin with # are skipped. Throws InputError with `name` and the line.
FaultTable parse_fault_table(std::string_view text, const std::string& name);

}  // namespace netsurf
