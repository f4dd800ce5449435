#include "engine/store/sqlite.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr int kMaxValueBytes = 1 << 20;  // the largest honest value is a chunk of 10 KiB

bool may_write(const std::filesystem::path& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

/// `path` as an SQLite URI, in which some characters have meanings of their own.
std::string uri_of(const std::filesystem::path& path, std::string_view query) {
  std::string uri = "file://";
  for (char c : path.string()) {
    if (c == '%' || c == '?' || c == '#') {
      char escaped[4];
      std::snprintf(escaped, sizeof escaped, "%%%02x", static_cast<unsigned>(c));
      uri += escaped;
    } else {
      uri += c;
    }
  }
  return uri + "?" + std::string(query);
}

/// How to ask SQLite for a file.
struct Request {
  std::string name;
  int flags = 0;
};

/// A reader that may write opens for writing all the same (and is kept from it by query_only): only such a
/// connection clears away the write-ahead log when it closes, a read-only one leaves an empty one behind.
/// Where the folder cannot be written, the file of a finished store still says in its header that it has a
/// log, and SQLite would have to make one to read it, unless it is told that nobody can change the file.
/// Nobody at work means: no log, and no journal of a writer that was killed.
Request request_for(const std::filesystem::path& path, Database::Open mode) {
  // Absolute, because SQLite reads special meanings into names such as ":memory:".
  std::filesystem::path absolute = std::filesystem::absolute(path);
  if (mode == Database::Open::create) return {absolute, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  if (mode == Database::Open::write) return {absolute, SQLITE_OPEN_READWRITE};
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(absolute, error);  // the log lies beside the target
  if (error) return {absolute, SQLITE_OPEN_READONLY};
  bool folder_is_ours = may_write(real.parent_path());
  if (folder_is_ours && may_write(real)) return {absolute, SQLITE_OPEN_READWRITE};
  bool at_work = std::filesystem::exists(real.string() + "-wal", error) ||
                 std::filesystem::exists(real.string() + "-journal", error);
  if (folder_is_ours || at_work) return {absolute, SQLITE_OPEN_READONLY};
  return {uri_of(absolute, "immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI};
}

}  // namespace

Database::Database(std::filesystem::path path, Open mode, int busy_timeout_ms)
    : path_(std::move(path)), mode_(mode) {
  sqlite3* raw = nullptr;
  Request request = request_for(path_, mode);
  int code = sqlite3_open_v2(request.name.c_str(), &raw,
                             request.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(raw);
  if (raw == nullptr) throw RunError("cannot open " + path_.string() + ": out of memory");
  if (code != SQLITE_OK) fail(code);
  sqlite3_busy_timeout(raw, busy_timeout_ms);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  execute("PRAGMA cell_size_check = ON");
  execute("PRAGMA mmap_size = 0");
  if (mode == Open::read) execute("PRAGMA query_only = ON");
}

void Database::execute(const char* sql) const {
  int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

int64_t Database::pragma_integer(const char* name) const {
  Statement statement(*this, std::string("PRAGMA ") + name);
  return statement.step() ? statement.integer(0) : 0;
}

void Database::keep_log_on_close(bool keep) const {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

void Database::fail(int code) const {
  std::string name = path_.string();
  std::string cause = sqlite3_errmsg(handle_.get());
  int system_error = sqlite3_system_errno(handle_.get());
  if (system_error != 0) cause += std::string(" (") + std::strerror(system_error) + ")";
  bool is_refused =
      (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY || (code & 0xff) == SQLITE_PERM;
  if (mode_ == Open::read && is_refused) {
    std::error_code error;
    for (const char* suffix : {"-wal", "-journal"}) {
      if (!std::filesystem::exists(name + suffix, error)) continue;
      throw RunError(
          "cannot read " + name + ": " + cause + "; " + name + suffix +
          " beside it is of a writer that is at work or was killed, and reading both needs a folder "
          "that may be written: copy both to one and read the copy");
    }
    throw RunError("cannot read " + name + ": " + cause + "; check that you may read it");
  }
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw FormatError(name + " is damaged: " + cause +
                        "; restore a copy, or choose another store file and run again");
    case SQLITE_FULL:
      throw RunError("cannot write " + name +
                     ": the disk is full; free some space and run again, earlier results are kept");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw RunError(
          "cannot " + std::string(mode_ == Open::read ? "read " : "write ") + name +
          ": another process has kept it locked; wait for it to end, or choose another store file");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      throw RunError("cannot write " + name +
                     ": it is read-only; choose a store file in a folder you may write to");
    case SQLITE_CANTOPEN:
      throw RunError("cannot open " + name + ": " + cause +
                     "; choose a store file in a folder you may write to");
    case SQLITE_IOERR:
      throw RunError("cannot read or write " + name + ": " + cause +
                     "; check the disk's free space and limits and run again, earlier results are kept");
    default:
      throw RunError(name + ": " + cause);
  }
}

Statement::Statement(const Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  statement_.reset(raw);
  if (code != SQLITE_OK) database.fail(code);
}

Statement& Statement::bind(int parameter, int64_t number) {
  int code = sqlite3_bind_int64(statement_.get(), parameter, number);
  if (code != SQLITE_OK) database_->fail(code);
  return *this;
}

Statement& Statement::bind(int parameter, double number) {
  int code = sqlite3_bind_double(statement_.get(), parameter, number);
  if (code != SQLITE_OK) database_->fail(code);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  int code = sqlite3_bind_text64(statement_.get(), parameter, text.data() != nullptr ? text.data() : "",
                                 text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_->fail(code);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  int code = sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) database_->fail(code);
  return *this;
}

bool Statement::step() {
  int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_->fail(code);
}

void Statement::run() {
  step();
  reset();
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Statement::expect_type(int column, int type, const char* name) const {
  if (sqlite3_column_type(statement_.get(), column) == type) return;
  throw FormatError(database_->path().string() + " is damaged: column " +
                    sqlite3_column_name(statement_.get(), column) + " does not hold " + name);
}

int64_t Statement::integer(int column) const {
  expect_type(column, SQLITE_INTEGER, "an integer");
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  expect_type(column, SQLITE_FLOAT, "a number");
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  expect_type(column, SQLITE_TEXT, "text");
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) database_->fail(SQLITE_NOMEM);
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::blob(int column) const {
  expect_type(column, SQLITE_BLOB, "bytes");
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  size_t size = static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {static_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
}

Transaction::Transaction(const Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // A failed commit may have rolled back already; then there is nothing left to do.
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

bool is_network_file_system(const std::filesystem::path& folder) {
  // f_type values of NFS, SMB, CIFS, SMB2, FUSE, 9P, AFS, Ceph, Lustre, GPFS, Coda, OCFS2, GFS2 and BeeGFS.
  static constexpr std::array<uint32_t, 14> kNetwork = {
      0x6969,     0x517B,     0xFF534D42, 0xFE534D42, 0x65735546, 0x01021997, 0x5346414F,
      0x00C36400, 0x0BD00BD0, 0x47504653, 0x73757245, 0x7461636F, 0x01161970, 0x19830326};
  struct statfs facts {};
  if (::statfs(folder.empty() ? "." : folder.c_str(), &facts) != 0) return false;
  return std::find(kNetwork.begin(), kNetwork.end(), static_cast<uint32_t>(facts.f_type)) != kNetwork.end();
}

}  // namespace netsurf
