// A thin owner for the SQLite C interface: connections and statements that close themselves, and error codes
// turned into sentences. Everything read from a file is untrusted; sizes are limited on the connection.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace netsurf {

class Database;

/// One prepared statement. Columns count from 0, parameters from 1.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);

  Statement& bind(int parameter, int64_t number);
  Statement& bind(int parameter, double number);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);

  /// Whether a row came. Throws as Database::fail.
  bool step();
  /// Runs a statement that gives no rows, and makes it ready for the next parameters.
  void run();
  void reset();

  bool is_null(int column) const;
  /// Throw FormatError when the value has another type: a file from outside may hold anything.
  int64_t integer(int column) const;
  double real(int column) const;
  /// Valid until the next step. Text or blob.
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  void expect_type(int column, int type, const char* name) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Open {
    read,   // changes nothing; file and folder need not be writable
    write,  // the file must be there; one the system will not let us write is opened for reading
    create,
  };

  /// Opens `path` with a busy timeout, limits on sizes and no trust in the file's schema. Throws RunError
  /// when it cannot be opened.
  Database(std::filesystem::path path, Open mode, int busy_timeout_ms);

  const std::filesystem::path& path() const { return path_; }
  sqlite3* handle() const { return handle_.get(); }

  void execute(const char* sql) const;
  int64_t pragma_integer(const char* name) const;
  int64_t last_insert_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
  /// While set, closing leaves file and write-ahead log as they are: for a file that may not be ours.
  void keep_log_on_close(bool keep) const;

  /// Turns an SQLite result code into FormatError (the file is damaged) or RunError (everything else), with
  /// what to try.
  [[noreturn]] void fail(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::filesystem::path path_;
  Open mode_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// All or nothing: rolls back unless committed. Takes the write lock at once, so two writers queue instead of
/// failing.
class Transaction {
 public:
  explicit Transaction(const Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  const Database& database_;
  bool open_ = true;
};

/// Whether the folder lies on a network or user-space file system, where a write-ahead log's shared memory
/// cannot be trusted.
bool is_network_file_system(const std::filesystem::path& folder);

}  // namespace netsurf
