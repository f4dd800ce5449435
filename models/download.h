// Files from the network, through libcurl: pinned by their SHA-256, written in one step, from the first
// mirror that works.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace netsurf {

/// Told how far one file is: bytes done, and bytes in all (0 while unknown). What it throws ends the download
/// and comes out of `download` unchanged.
using DownloadProgress = std::function<void(uint64_t done, uint64_t total)>;

struct DownloadOptions {
  uint64_t max_bytes = uint64_t{1} << 30;
  std::chrono::milliseconds connect_timeout{15000};
  std::chrono::seconds stall_timeout{30};  // without any byte
  DownloadProgress progress;               // may be empty
};

/// Fetches `target` from the first of `urls` (http or https, redirects followed) whose content has the
/// SHA-256 `sha256` (64 hex digits). `target` is replaced only by a whole and checked file. Returns false,
/// without asking anyone, when it is there already. Throws RunError naming every URL and why it failed;
/// `target` is then as it was.
bool download(std::span<const std::string> urls, const std::filesystem::path& target, std::string_view sha256,
              const DownloadOptions& options = {});

}  // namespace netsurf
