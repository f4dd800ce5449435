// The files of this repository as data, for the tests that check its rules.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace netsurf::repository {

/// One file: its path from the root, with forward slashes, and its bytes.
struct File {
  std::string path;
  std::string text;
};

/// Every file under root, ordered by path; build folders, results, caches and hidden folders (but .ci) are
/// left out.
std::vector<File> read_tree(const std::filesystem::path& root);

/// The folder part of a path ("engine/base/text.h" -> "engine/base"; "" for a file of the root).
std::string folder_of(const std::string& path);

bool starts_with_folder(const std::string& path, const std::string& folder);  // path lies in folder or below

std::vector<std::string> lines_of(const std::string& text);

}  // namespace netsurf::repository
