// Known data sets that can be fetched: which files, from where, and what they must be.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf {

struct RemoteFile {
  std::string_view name;
  uint64_t bytes;
  std::string_view sha256;
};

struct RemoteDataset {
  std::string_view name;
  std::span<const std::string_view> mirrors;  // base URLs ending in "/", tried in turn
  std::span<const RemoteFile> files;
};

std::span<const RemoteDataset> remote_datasets();

/// Told how far one file is: its name, bytes done, and bytes in all.
using FetchProgress = std::function<void(std::string_view file, uint64_t done, uint64_t total)>;

struct FetchedFile {
  std::filesystem::path path;
  bool was_there = false;  // with the right SHA-256 already, so nothing was fetched
};

/// Fetches the files of a known set into `datasets_dir`/`name`. With a `mirror` (base URL), only that one is
/// asked. Throws InputError for a set that cannot be fetched (naming those that can) or a mirror that is not
/// http(s), RunError as download.
std::vector<FetchedFile> fetch_dataset(std::string_view name, const std::filesystem::path& datasets_dir,
                                       std::string_view mirror, const FetchProgress& progress);

}  // namespace netsurf
