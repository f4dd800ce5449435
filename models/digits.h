// scikit-learn's bundled 8x8 digits, read from the distribution's package: real data without a download.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "engine/model/dataset.h"

namespace netsurf {

/// Folders in which Python packages of the system live ("/usr/lib/python3/dist-packages" and its like), those
/// that exist.
std::vector<std::filesystem::path> system_package_folders();

/// `datasets_dir`/digits/digits.csv.gz, else sklearn's copy below the first of `package_folders` that has it.
/// Throws InputError saying where it looked and which package to install.
std::filesystem::path find_digits(const std::filesystem::path& datasets_dir,
                                  std::span<const std::filesystem::path> package_folders);

/// 1797 samples of shape {8, 8, 1}, values 0..16, 10 classes, cut 70/10/20 by a fixed permutation. Throws as
/// find_digits does, and FormatError when the file is not that table.
Dataset load_digits(const std::filesystem::path& datasets_dir);

}  // namespace netsurf
