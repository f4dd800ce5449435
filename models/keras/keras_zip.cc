#include "models/keras/keras_zip.h"

#include <zip.h>

#include <algorithm>
#include <memory>

#include "engine/base/error.h"
#include "models/keras/attributes.h"

namespace netsurf::keras {
namespace {

constexpr uint64_t kMaxJson = uint64_t{64} << 20;
constexpr uint64_t kMaxWeights = uint64_t{512} << 20;
constexpr uint64_t kFirstChunk = 1 << 16;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

Archive open_archive(std::string_view bytes) {
  // libzip takes nothing at all for an archive without members.
  if (bytes.empty()) throw FormatError("the file is empty, expected a .keras zip archive");
  zip_error_t error;
  zip_error_init(&error);
  zip_t* archive = nullptr;
  if (zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error)) {
    archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (archive == nullptr) zip_source_free(source);
  }
  std::string cause = archive == nullptr ? zip_error_strerror(&error) : "";
  zip_error_fini(&error);
  if (archive == nullptr) throw FormatError("not a readable .keras zip archive: " + cause);
  return Archive(archive, &zip_discard);
}

std::string read_member(zip_t* archive, const char* name, uint64_t most, bool required) {
  zip_int64_t index = zip_name_locate(archive, name, 0);
  if (index < 0 && !required) return "";
  if (index < 0) throw FormatError("the archive has no member " + quote(name));
  Member member(zip_fopen_index(archive, static_cast<zip_uint64_t>(index), 0), &zip_fclose);
  if (!member) throw FormatError("member " + quote(name) + " cannot be opened: " + zip_strerror(archive));
  std::string content;
  uint64_t size = 0;
  while (true) {
    if (size == content.size()) content.resize(std::min(std::max(kFirstChunk, 2 * size), most + 1));
    zip_int64_t read = zip_fread(member.get(), content.data() + size, content.size() - size);
    if (read < 0) {
      throw FormatError("member " + quote(name) + " cannot be inflated: " + zip_file_strerror(member.get()));
    }
    if (read == 0) break;
    size += static_cast<uint64_t>(read);
    if (size > most) {
      throw FormatError("member " + quote(name) + " inflates to more than " + std::to_string(most) +
                        " bytes");
    }
  }
  content.resize(size);
  return content;
}

}  // namespace

KerasZip unzip_keras(std::string_view bytes) {
  Archive archive = open_archive(bytes);
  KerasZip zip;
  zip.config = read_member(archive.get(), "config.json", kMaxJson, true);
  zip.metadata = read_member(archive.get(), "metadata.json", kMaxJson, false);
  zip.weights = read_member(archive.get(), "model.weights.h5", kMaxWeights, true);
  return zip;
}

}  // namespace netsurf::keras
