#include "models/npz.h"

#include <zip.h>

#include <algorithm>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/bytes.h"
#include "models/npy.h"

namespace netsurf {
namespace {

constexpr int64_t kMaxMembers = 10000;
constexpr uint64_t kFirstChunk = 1 << 16;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

Archive open_archive(std::string_view bytes, const std::string& file) {
  // libzip takes nothing at all for an archive without members.
  if (bytes.empty()) throw FormatError(file + ": not a readable .npz (zip) archive: the file is empty");
  zip_error_t error;
  zip_error_init(&error);
  zip_t* archive = nullptr;
  if (zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error)) {
    archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (archive == nullptr) zip_source_free(source);
  }
  std::string cause = archive == nullptr ? zip_error_strerror(&error) : "";
  zip_error_fini(&error);
  if (archive == nullptr) throw FormatError(file + ": not a readable .npz (zip) archive: " + cause);
  return Archive(archive, &zip_discard);
}

/// Inflates one member; at most `max_bytes` may come out.
std::string read_member(zip_t* archive, uint64_t index, const std::string& name, uint64_t max_bytes) {
  Member member(zip_fopen_index(archive, index, 0), &zip_fclose);
  if (!member) throw FormatError(name + ": cannot be opened: " + zip_strerror(archive));
  std::string content;
  uint64_t size = 0;
  while (true) {
    if (size == content.size()) content.resize(std::min(std::max(kFirstChunk, 2 * size), max_bytes + 1));
    zip_int64_t read = zip_fread(member.get(), content.data() + size, content.size() - size);
    if (read < 0) throw FormatError(name + ": cannot be inflated: " + zip_file_strerror(member.get()));
    if (read == 0) break;
    size += static_cast<uint64_t>(read);
    if (size > max_bytes) {
      throw FormatError(name + ": content is larger than the " + std::to_string(max_bytes) +
                        " bytes left to the archive");
    }
  }
  content.resize(size);
  return content;
}

}  // namespace

std::map<std::string, NumberArray> parse_npz(std::string_view bytes, std::string_view file,
                                             std::span<const std::string> keys, uint64_t max_bytes) {
  std::string file_name(file);
  Archive archive = open_archive(bytes, file_name);
  zip_int64_t num_members = zip_get_num_entries(archive.get(), 0);
  if (num_members < 0 || num_members > kMaxMembers) {
    throw FormatError(file_name + ": " + std::to_string(num_members) + " members, expected at most " +
                      std::to_string(kMaxMembers));
  }
  std::map<std::string, NumberArray> arrays;
  uint64_t bytes_left = max_bytes;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(num_members); ++i) {
    const char* raw_name = zip_get_name(archive.get(), i, 0);
    if (raw_name == nullptr) {
      throw FormatError(file_name + ": member " + std::to_string(i) + " has no readable name");
    }
    std::string key(raw_name);
    if (!key.ends_with(".npy")) continue;
    key.resize(key.size() - 4);
    if (!keys.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    std::string name = file_name + ": array " + quoted_text(key);
    if (arrays.contains(key)) throw FormatError(name + " occurs twice");
    std::string content = read_member(archive.get(), i, name, bytes_left);
    bytes_left -= content.size();
    arrays.emplace(key, parse_npy(content, name));
  }
  return arrays;
}

std::map<std::string, NumberArray> read_npz(const std::filesystem::path& path,
                                            std::span<const std::string> keys) {
  return parse_npz(read_file(path, kMaxArrayBytes), path.string(), keys);
}

}  // namespace netsurf
