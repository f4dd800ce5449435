// The include table of docs/architecture.md and what breaks it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/repository/tree.h"

namespace netsurf::repository {

/// For each folder, the folders whose headers it may include (its own is always allowed and not listed).
using IncludeTable = std::map<std::string, std::set<std::string>>;

/// Reads the table under the heading "Who may include whom". Throws std::runtime_error when there is none, a
/// folder has two rows, or a row allows a folder that has no row itself.
IncludeTable parse_include_table(const std::string& markdown);

/// One line for each include that the table does not allow, each quoted include that names no file of the
/// tree, and each source under kernels, engine, models, apps or bench whose folder has no row. Empty when all
/// is well.
std::vector<std::string> include_violations(const IncludeTable& table, const std::vector<File>& tree);

/// The folders of one include cycle in the table, or nothing when its directions point one way only.
std::vector<std::string> find_cycle(const IncludeTable& table);

}  // namespace netsurf::repository
