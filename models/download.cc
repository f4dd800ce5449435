#include "models/download.h"

#include <curl/curl.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/file.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr long kMaxRedirects = 5;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;

/// Why one mirror failed; the next one may do better.
class MirrorError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] void fail_to_write(const fs::path& path, int error) {
  throw RunError("cannot write " + path.string() + ": " + std::generic_category().message(error) +
                 "; choose a folder with room that you may write to");
}

/// What libcurl's callbacks see. They are C functions: nothing may be thrown through them.
struct Transfer {
  const DownloadOptions& options;
  std::FILE* file;
  uint64_t written = 0;
  bool is_too_large = false;
  int disk_error = 0;  // errno of a failed write
  std::exception_ptr thrown_by_progress = nullptr;
};

size_t write_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  size_t bytes = size * count;
  if (bytes > transfer.options.max_bytes - transfer.written) {
    transfer.is_too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  if (std::fwrite(data, 1, bytes, transfer.file) != bytes) {
    transfer.disk_error = errno;
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.written += bytes;
  return bytes;
}

int report_progress(void* user, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    transfer.options.progress(static_cast<uint64_t>(done), static_cast<uint64_t>(total));
    return 0;
  } catch (...) {
    transfer.thrown_by_progress = std::current_exception();
    return 1;
  }
}

Curl make_handle() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  Curl curl(started == CURLE_OK ? curl_easy_init() : nullptr, &curl_easy_cleanup);
  if (!curl) throw RunError("libcurl could not start");
  return curl;
}

void configure(CURL* curl, const std::string& url, Transfer& transfer, char* message) {
  const DownloadOptions& options = transfer.options;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "netsurf");
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.max_bytes));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &write_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  if (options.progress) {
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &report_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  }
}

/// Fetches `url` into `path`. Throws MirrorError where another mirror may help, RunError where it cannot.
void fetch(const std::string& url, const fs::path& path, const DownloadOptions& options) {
  File file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (!file) fail_to_write(path, errno);
  Transfer transfer{options, file.get()};
  char message[CURL_ERROR_SIZE] = "";
  Curl curl = make_handle();
  configure(curl.get(), url, transfer, message);
  CURLcode code = curl_easy_perform(curl.get());
  if (transfer.thrown_by_progress) std::rethrow_exception(transfer.thrown_by_progress);
  if (transfer.is_too_large || code == CURLE_FILESIZE_EXCEEDED) {
    throw MirrorError("larger than the " + std::to_string(options.max_bytes) + " bytes allowed");
  }
  if (transfer.disk_error == 0 && std::fflush(file.get()) != 0) transfer.disk_error = errno;
  if (transfer.disk_error != 0) fail_to_write(path, transfer.disk_error);
  if (code != CURLE_OK) throw MirrorError(message[0] ? message : curl_easy_strerror(code));
}

/// The path of a whole file with the right hash, or MirrorError.
void fetch_checked(const std::string& url, const fs::path& target, std::string_view sha256,
                   const DownloadOptions& options) {
  replace_file(target, [&](const fs::path& temporary) {
    fetch(url, temporary, options);
    std::string found = sha256_of_file(temporary.string());
    if (found != sha256) throw MirrorError("SHA-256 " + found + ", expected " + std::string(sha256));
  });
}

}  // namespace

bool download(std::span<const std::string> urls, const fs::path& target, std::string_view sha256,
              const DownloadOptions& options) {
  std::error_code error;
  if (fs::is_regular_file(target, error) && sha256_of_file(target.string()) == sha256) return false;
  std::string failures;
  for (const std::string& url : urls) {
    try {
      fetch_checked(url, target, sha256, options);
      return true;
    } catch (const MirrorError& failure) {
      failures += (failures.empty() ? ": " : "; ") + url + ": " + failure.what();
    }
  }
  throw RunError("cannot fetch " + target.filename().string() + failures +
                 "; check the network, name another mirror, or put the file at " + target.string() +
                 " by hand");
}

}  // namespace netsurf
