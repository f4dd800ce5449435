#include "tests/repository/include_rules.h"

#include <algorithm>
#include <regex>
#include <stdexcept>

namespace netsurf::repository {
namespace {

std::vector<std::string> quoted_in(const std::string& cell) {
  static const std::regex kQuoted("`([^`]+)`");
  std::vector<std::string> found;
  for (std::sregex_iterator each(cell.begin(), cell.end(), kQuoted), end; each != end; ++each) {
    found.push_back((*each)[1]);
  }
  return found;
}

bool is_source(const std::string& path) {
  return path.ends_with(".h") || path.ends_with(".cc") || path.ends_with(".cu") || path.ends_with(".cuh");
}

bool needs_a_row(const std::string& path) {
  for (const char* folder : {"kernels", "engine", "models", "apps", "bench"}) {
    if (starts_with_folder(path, folder)) return true;
  }
  return false;
}

// The row of the table that governs a path: its longest folder that has one.
const std::string* row_of(const IncludeTable& table, const std::string& path) {
  const std::string* best = nullptr;
  for (const auto& [folder, allowed] : table) {
    if (starts_with_folder(path, folder) && (best == nullptr || folder.size() > best->size())) best = &folder;
  }
  return best;
}

bool visit(const IncludeTable& table, const std::string& folder, std::vector<std::string>& trail,
           std::set<std::string>& done) {
  if (done.count(folder) != 0) return false;
  const auto again = std::find(trail.begin(), trail.end(), folder);
  if (again != trail.end()) {
    trail.erase(trail.begin(), again);
    return true;
  }
  trail.push_back(folder);
  for (const std::string& next : table.at(folder)) {
    if (next != folder && visit(table, next, trail, done)) return true;
  }
  trail.pop_back();
  done.insert(folder);
  return false;
}

}  // namespace

IncludeTable parse_include_table(const std::string& markdown) {
  IncludeTable table;
  bool inside = false;
  for (const std::string& line : lines_of(markdown)) {
    if (line.starts_with("#")) inside = line.find("Who may include whom") != std::string::npos;
    const size_t second_cell = line.find('|', 1);
    if (!inside || !line.starts_with("| `") || second_cell == std::string::npos) continue;
    const std::vector<std::string> allowed = quoted_in(line.substr(second_cell));
    for (const std::string& folder : quoted_in(line.substr(0, second_cell))) {
      if (!table.emplace(folder, std::set<std::string>(allowed.begin(), allowed.end())).second) {
        throw std::runtime_error("the include table has two rows for " + folder);
      }
    }
  }
  if (table.empty()) throw std::runtime_error("no include table under a heading \"Who may include whom\"");
  for (const auto& [folder, allowed] : table) {
    for (const std::string& each : allowed) {
      if (table.count(each) == 0)
        throw std::runtime_error("the row of " + folder + " allows " + each + ", which has no row");
    }
  }
  return table;
}

std::vector<std::string> include_violations(const IncludeTable& table, const std::vector<File>& tree) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*(["<])([^">]+)[">])");
  std::set<std::string> paths;
  for (const File& file : tree) paths.insert(file.path);

  std::vector<std::string> violations;
  for (const File& file : tree) {
    if (!is_source(file.path)) continue;
    const std::string* row = row_of(table, file.path);
    if (row == nullptr) {
      if (needs_a_row(file.path))
        violations.push_back(file.path + ": its folder has no row in the include table");
      continue;
    }
    for (const std::string& line : lines_of(file.text)) {
      std::smatch match;
      if (!std::regex_search(line, match, kInclude)) continue;
      const std::string included = match[2];
      if (paths.count(included) == 0) {
        if (match[1] == "\"")
          violations.push_back(file.path + ": \"" + included + "\" is no path from the root of the tree");
        continue;
      }
      const std::string* target = row_of(table, included);
      if (target == nullptr || (*target != *row && table.at(*row).count(*target) == 0)) {
        violations.push_back(file.path + ": " + *row + " may not include " + included);
      }
    }
  }
  return violations;
}

std::vector<std::string> find_cycle(const IncludeTable& table) {
  std::vector<std::string> trail;
  std::set<std::string> done;
  for (const auto& [folder, allowed] : table) {
    if (visit(table, folder, trail, done)) return trail;
  }
  return {};
}

}  // namespace netsurf::repository
