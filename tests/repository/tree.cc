#include "tests/repository/tree.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace netsurf::repository {
namespace {

bool is_left_out(const std::string& name) {
  return (name.starts_with(".") && name != ".ci") || name.starts_with("build") || name == "netsurf-results" ||
         name == "__pycache__";
}

}  // namespace

std::vector<File> read_tree(const std::filesystem::path& root) {
  std::vector<File> files;
  for (auto entry = std::filesystem::recursive_directory_iterator(root);
       entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory()) {
      if (is_left_out(entry->path().filename().string())) entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      std::ifstream stream(entry->path(), std::ios::binary);
      std::ostringstream text;
      text << stream.rdbuf();
      files.push_back({entry->path().lexically_relative(root).generic_string(), text.str()});
    }
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool starts_with_folder(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace netsurf::repository
