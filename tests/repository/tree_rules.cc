#include "tests/repository/tree_rules.h"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

namespace netsurf::repository {
namespace {

constexpr size_t kReadmeLines = 60;

bool is_code(const File& file) {
  for (const char* suffix : {".h", ".cc", ".cu", ".cuh", ".py"}) {
    if (file.path.ends_with(suffix)) return true;
  }
  return file.text.starts_with("#!");
}

std::set<std::string> paths_and_folders(const std::vector<File>& tree) {
  std::set<std::string> all = {""};
  for (const File& file : tree) {
    for (std::string path = file.path; !path.empty(); path = folder_of(path)) all.insert(path);
  }
  return all;
}

}  // namespace

std::vector<std::string> readme_violations(const std::vector<File>& tree) {
  const std::set<std::string> all = paths_and_folders(tree);
  std::set<std::string> violations;
  for (const File& file : tree) {
    const std::string folder = folder_of(file.path);
    if (is_code(file) && !folder.empty() && !folder.starts_with(".") && !folder.starts_with("tests/") &&
        all.count(folder + "/README.md") == 0) {
      violations.insert(folder + ": holds sources but no README.md");
    }
    if (file.path.ends_with("/README.md") && lines_of(file.text).size() > kReadmeLines) {
      violations.insert(file.path + ": " + std::to_string(lines_of(file.text).size()) +
                        " lines, at most 60 wanted");
    }
  }
  return {violations.begin(), violations.end()};
}

std::vector<std::string> word_violations(const std::vector<File>& tree) {
  // Spelled in pieces, so that this file does not find itself.
  static const std::regex kForbidden(
      "/ho"
      "me/[a-z]|/wo"
      "rk/|/tm"
      "p/build|\\b(TO"
      "DO|FIX"
      "ME)\\b");
  std::vector<std::string> violations;
  for (const File& file : tree) {
    if (file.text.find('\0') != std::string::npos || file.path.starts_with("tests/fuzz/corpus/")) continue;
    const std::vector<std::string> lines = lines_of(file.text);
    for (size_t line = 0; line < lines.size(); ++line) {
      std::smatch match;
      if (std::regex_search(lines[line], match, kForbidden)) {
        violations.push_back(file.path + ":" + std::to_string(line + 1) + ": says \"" + match.str() + "\"");
      }
    }
  }
  return violations;
}

std::vector<std::string> device_violations(const std::vector<File>& tree) {
  static const std::regex kCounting("std::(count[lr]_(zero|one)|popcount|rot[lr]|bit_(width|floor|ceil))");
  std::vector<std::string> violations;
  for (const File& file : tree) {
    const bool is_device =
        starts_with_folder(file.path, "kernels/core") || starts_with_folder(file.path, "kernels/cuda");
    if (!is_device || file.path == "kernels/core/bits.h") continue;
    if (!file.path.ends_with(".h") && !file.path.ends_with(".cuh")) continue;
    std::smatch match;
    if (std::regex_search(file.text, match, kCounting))
      violations.push_back(file.path + ": calls " + match.str() + " (see kernels/core/bits.h)");
  }
  return violations;
}

std::vector<std::string> corpus_violations(const std::vector<File>& tree) {
  std::set<std::string> targets, corpora;
  static const std::regex kTarget("tests/fuzz/fuzz_(\\w+)\\.cc"), kCorpus("tests/fuzz/corpus/(\\w+)/.+");
  for (const File& file : tree) {
    std::smatch match;
    if (std::regex_match(file.path, match, kTarget)) targets.insert(match[1]);
    if (std::regex_match(file.path, match, kCorpus)) corpora.insert(match[1]);
  }
  std::vector<std::string> violations;
  for (const std::string& name : targets) {
    if (corpora.count(name) == 0)
      violations.push_back("tests/fuzz/fuzz_" + name + ".cc: no file in tests/fuzz/corpus/" + name);
  }
  for (const std::string& name : corpora) {
    if (targets.count(name) == 0)
      violations.push_back("tests/fuzz/corpus/" + name + ": no target fuzz_" + name + ".cc");
  }
  return violations;
}

std::vector<std::string> link_violations(const std::vector<File>& tree) {
  static const std::regex kLink(R"(\]\(([^)#\s]+)[^)]*\))");
  const std::set<std::string> all = paths_and_folders(tree);
  std::vector<std::string> violations;
  for (const File& file : tree) {
    if (!file.path.ends_with(".md")) continue;
    for (std::sregex_iterator each(file.text.begin(), file.text.end(), kLink), end; each != end; ++each) {
      const std::string link = (*each)[1];
      if (link.find("://") != std::string::npos) continue;
      std::string target =
          (std::filesystem::path(folder_of(file.path)) / link).lexically_normal().generic_string();
      if (target.ends_with("/")) target.pop_back();
      if (target == ".") target.clear();
      if (all.count(target) == 0)
        violations.push_back(file.path + ": links to " + link + ", which is not there");
    }
  }
  return violations;
}

std::vector<std::string> listed_commands(const std::string& markdown) {
  static const std::regex kRow("^\\| *`netsurf ([a-z]+)");
  std::vector<std::string> commands;
  for (const std::string& line : lines_of(markdown)) {
    std::smatch match;
    if (std::regex_search(line, match, kRow)) commands.push_back(match[1]);
  }
  return commands;
}

}  // namespace netsurf::repository
