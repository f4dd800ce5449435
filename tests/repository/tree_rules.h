// House rules of the repository that a machine can check: what each finds is a line naming the file and the
// rule.
#pragma once

#include <string>
#include <vector>

#include "tests/repository/tree.h"

namespace netsurf::repository {

/// Folders outside tests/ that hold sources or scripts but no README.md (tests/README.md speaks for those
/// below it), and README files below the root of more than 60 lines.
std::vector<std::string> readme_violations(const std::vector<File>& tree);

/// Lines that name a place on somebody's machine, or put work off with a marker instead of an issue.
std::vector<std::string> word_violations(const std::vector<File>& tree);

/// Lines of device headers that call what <bit> counts with; kernels/core/bits.h, which says why, may.
std::vector<std::string> device_violations(const std::vector<File>& tree);

/// Fuzz targets tests/fuzz/fuzz_<name>.cc without a file in tests/fuzz/corpus/<name>, and corpora without a
/// target.
std::vector<std::string> corpus_violations(const std::vector<File>& tree);

/// Relative links of Markdown files that lead to nothing in the tree.
std::vector<std::string> link_violations(const std::vector<File>& tree);

/// The commands that a Markdown text lists in table rows beginning "| `netsurf <command>", in order.
std::vector<std::string> listed_commands(const std::string& markdown);

}  // namespace netsurf::repository
