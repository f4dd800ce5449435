#include "engine/rank/npz.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr std::string_view kNpyMagic("\x93NUMPY\x01\x00", 8);
constexpr uint64_t kMaxNpyHead = 4096;
constexpr uint16_t kFixedDosDate = (1 << 5) | 1;  // 1 January 1980, the first day a zip archive knows

std::string npy_dictionary(std::string_view descr, uint64_t count) {
  return "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (" +
         std::to_string(count) + ",), }";
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using MemberFile = std::unique_ptr<zip_file_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;

void require(bool ok) {
  if (!ok) throw RunError("cannot build the archive in memory; it may be short of memory");
}

void add_member(zip_t* archive, const NpzMember& member) {
  std::array<zip_buffer_fragment_t, 2> pieces{};
  // libzip's fragments are not const, but it only reads them.
  pieces[0].data = reinterpret_cast<zip_uint8_t*>(const_cast<char*>(member.head.data()));
  pieces[0].length = member.head.size();
  pieces[1].data = reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(member.body.data()));
  pieces[1].length = member.body.size();
  zip_uint64_t used = member.body.empty() ? 1 : 2;
  Source source(zip_source_buffer_fragment(archive, pieces.data(), used, 0));
  require(source != nullptr);
  zip_int64_t index = zip_file_add(archive, std::string(member.name).c_str(), source.get(), 0);
  require(index >= 0);
  static_cast<void>(source.release());  // the archive owns it now
  require(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0) == 0);
  require(zip_file_set_dostime(archive, static_cast<zip_uint64_t>(index), 0, kFixedDosDate, 0) == 0);
}

}  // namespace

std::string npy_head(std::string_view descr, uint64_t count) {
  std::string dictionary = npy_dictionary(descr, count);
  size_t before = kNpyMagic.size() + 2;
  size_t padded = (before + dictionary.size() + 1 + 63) / 64 * 64 - before;
  dictionary.resize(padded - 1, ' ');
  dictionary += '\n';
  std::string head(kNpyMagic);
  head += static_cast<char>(padded & 0xff);
  head += static_cast<char>(padded >> 8);
  return head + dictionary;
}

std::string write_npz(std::span<const NpzMember> members) {
  zip_error_t error;
  zip_error_init(&error);
  Source buffer(zip_source_buffer_create(nullptr, 0, 0, &error));
  require(buffer != nullptr);
  zip_source_keep(buffer.get());  // one reference for the archive, one to read the result from
  Archive archive(zip_open_from_source(buffer.get(), ZIP_TRUNCATE, &error));
  require(archive != nullptr);
  for (const NpzMember& member : members) add_member(archive.get(), member);
  require(zip_close(archive.get()) == 0);
  static_cast<void>(archive.release());  // zip_close freed it

  zip_stat_t stat;
  require(zip_source_stat(buffer.get(), &stat) == 0 && zip_source_open(buffer.get()) == 0);
  std::string bytes(stat.size, '\0');
  zip_int64_t got = zip_source_read(buffer.get(), bytes.data(), bytes.size());
  zip_source_close(buffer.get());
  require(got == static_cast<zip_int64_t>(bytes.size()));
  return bytes;
}

struct NpzReader::State {
  Archive archive;
};

NpzReader::NpzReader(std::string_view bytes, std::string_view name) : name_(name) {
  zip_error_t error;
  zip_error_init(&error);
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
  require(source != nullptr);
  Archive archive(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, &error));
  if (archive != nullptr) static_cast<void>(source.release());  // the archive owns it now
  if (archive == nullptr || bytes.empty()) {  // libzip takes an empty file for an empty archive
    std::string why = archive == nullptr ? zip_error_strerror(&error) : "empty";
    zip_error_fini(&error);
    refuse(std::to_string(bytes.size()) + " bytes that are not a whole zip archive (" + why +
           "); expected a ranking file (.npz), whole and unchanged");
  }
  state_.reset(new State{std::move(archive)});
}

NpzReader::~NpzReader() = default;

void NpzReader::refuse(const std::string& what) const { throw FormatError(std::string(name_) + ": " + what); }

uint64_t NpzReader::find(const char* member, uint64_t& size) const {
  zip_t* archive = state_->archive.get();
  zip_int64_t index = zip_name_locate(archive, member, 0);
  if (index < 0) {
    refuse("no member " + std::string(member) + " among its " +
           std::to_string(zip_get_num_entries(archive, 0)) +
           "; expected a ranking file with order.npy, score.npy and header.json");
  }
  zip_stat_t stat;
  zip_uint64_t needed =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, static_cast<zip_uint64_t>(index), 0, &stat) != 0 ||
      (stat.valid & needed) != needed) {
    refuse("member " + std::string(member) + " has no sizes");
  }
  if (stat.comp_method != ZIP_CM_STORE || stat.encryption_method != ZIP_EM_NONE ||
      stat.size != stat.comp_size) {
    refuse("member " + std::string(member) +
           " is compressed or encrypted; expected it stored, as numpy.savez does");
  }
  size = stat.size;
  return static_cast<uint64_t>(index);
}

void NpzReader::read_from(const char* member, uint64_t skip, std::span<std::byte> target) const {
  uint64_t size = 0;
  uint64_t index = find(member, size);
  MemberFile file(zip_fopen_index(state_->archive.get(), index, 0));
  std::string skipped(skip, '\0');
  std::byte beyond{};
  // The checksum is only compared when the reader runs into the end.
  bool ok = file != nullptr &&
            zip_fread(file.get(), skipped.data(), skip) == static_cast<zip_int64_t>(skip) &&
            zip_fread(file.get(), target.data(), target.size()) == static_cast<zip_int64_t>(target.size()) &&
            zip_fread(file.get(), &beyond, skip + target.size() == size ? 1 : 0) == 0;
  if (!ok) refuse("member " + std::string(member) + " cannot be read to its end or its checksum is wrong");
}

std::string NpzReader::text(const char* member, uint64_t max_bytes) const {
  uint64_t size = 0;
  find(member, size);
  if (size > max_bytes) {
    refuse("member " + std::string(member) + " has " + std::to_string(size) + " bytes; expected at most " +
           std::to_string(max_bytes));
  }
  std::string text(size, '\0');
  read_from(member, 0, std::as_writable_bytes(std::span(text)));
  return text;
}

uint64_t NpzReader::check_array(const char* member, std::string_view descr, uint64_t count,
                                uint64_t element_size) const {
  uint64_t size = 0;
  find(member, size);
  // REQUIRES count < 2^32, so the product cannot wrap.
  uint64_t body = count * element_size;
  uint64_t head_size = size - body;
  if (size < body || head_size < kNpyMagic.size() + 2 || head_size > kMaxNpyHead) {
    refuse("member " + std::string(member) + " has " + std::to_string(size) +
           " bytes; expected a short preamble and " + std::to_string(body) + " bytes for " +
           std::to_string(count) + " elements");
  }
  std::string head(head_size, '\0');
  read_from(member, 0, std::as_writable_bytes(std::span(head)));
  size_t length = static_cast<unsigned char>(head[8]) + 256u * static_cast<unsigned char>(head[9]);
  std::string dictionary = npy_dictionary(descr, count);
  if (!head.starts_with(kNpyMagic) || length + kNpyMagic.size() + 2 != head_size ||
      trim(std::string_view(head).substr(10)) != dictionary) {
    refuse("member " + std::string(member) + " does not begin as an .npy array of " + dictionary);
  }
  return head_size;
}

}  // namespace netsurf
