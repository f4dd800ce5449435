#include "engine/store/schema.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr int64_t kApplicationId = 0x4E535246;  // "NSRF"
constexpr std::string_view kMagic{"SQLite format 3\0", 16};

struct Table {
  const char* name;
  const char* sql;
};

// The text is part of the format: SQLite keeps it in the file, and a file whose tables read otherwise is
// refused.
constexpr std::array<Table, 5> kTables = {{
    {"meta", "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL)"},
    {"cells",
     "CREATE TABLE cells(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, model_name TEXT NOT NULL, "
     "model_digest TEXT NOT NULL, ranking_method TEXT NOT NULL, ranking_suffix TEXT NOT NULL, "
     "ranking_order TEXT NOT NULL, ranking_digest TEXT NOT NULL, bit_space_digest TEXT NOT NULL, "
     "protection TEXT NOT NULL, ber TEXT NOT NULL, num_samples INTEGER NOT NULL, num_bits INTEGER NOT NULL, "
     "num_protected INTEGER NOT NULL, epoch_size TEXT NOT NULL, clean_correct INTEGER NOT NULL, "
     "clean_loss INTEGER NOT NULL)"},
    {"chunks",
     "CREATE TABLE chunks(cell INTEGER NOT NULL, chunk INTEGER NOT NULL, outcomes BLOB NOT NULL, "
     "UNIQUE(cell, chunk))"},
    {"runs",
     "CREATE TABLE runs(id INTEGER PRIMARY KEY, started TEXT NOT NULL, host TEXT NOT NULL, path TEXT NOT "
     "NULL, "
     "batch INTEGER NOT NULL, threads INTEGER NOT NULL, version TEXT NOT NULL, command TEXT NOT NULL)"},
    {"batches",
     "CREATE TABLE batches(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, cell INTEGER NOT NULL, begin_trial "
     "INTEGER NOT NULL, "
     "end_trial INTEGER NOT NULL, finished TEXT NOT NULL, seconds REAL NOT NULL)"},
}};

[[noreturn]] void refuse(const Database& database, const std::string& what) {
  throw FormatError(database.path().string() + " " + what + "; choose another store file");
}

std::map<std::string, std::string> read_meta(const Database& database) {
  std::map<std::string, std::string> meta;
  Statement rows(database, "SELECT key, value FROM meta LIMIT 100");
  while (rows.step()) meta.emplace(rows.text(0), rows.text(1));
  return meta;
}

void check_tables(const Database& database) {
  std::map<std::string, std::string> found;
  Statement rows(database, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL LIMIT 100");
  while (rows.step()) found.emplace(rows.text(0), rows.text(1));
  for (const Table& table : kTables) {
    auto it = found.find(table.name);
    if (it == found.end()) refuse(database, std::string("is damaged: it has no table ") + table.name);
    if (it->second != table.sql)
      refuse(database, std::string("is damaged: table ") + table.name + " is not as expected");
  }
  if (found.size() != kTables.size())
    refuse(database, "is damaged: it holds other tables than a result store's");
}

/// SQLite reads a last page that was cut short as if zeros stood there, so its length is checked here. While
/// a journal or a log lies beside the file its length may be anything.
void check_length(const Database& database) {
  std::error_code error;
  for (const char* suffix : {"-wal", "-journal"}) {
    uint64_t size = std::filesystem::file_size(database.path().string() + suffix, error);
    if (!error && size > 0) return;
  }
  uint64_t size = std::filesystem::file_size(database.path(), error);
  uint64_t page = static_cast<uint64_t>(database.pragma_integer("page_size"));
  if (!error && page > 0 && size % page != 0) {
    refuse(database, "is damaged: its " + std::to_string(size) + " bytes are not whole pages of " +
                         std::to_string(page));
  }
}

void check_pages(const Database& database) {
  Statement check(database, "PRAGMA quick_check(1)");
  if (!check.step()) return;
  std::string verdict(check.text(0));
  std::replace(verdict.begin(), verdict.end(), '\n', ' ');
  if (verdict != "ok") refuse(database, "is damaged: " + verdict);
}

}  // namespace

void create_schema(const Database& database, const StudyIdentity& study) {
  for (const Table& table : kTables) database.execute(table.sql);
  database.execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
  Statement insert(database, "INSERT INTO meta(key, value) VALUES(?, ?)");
  insert.bind(1, "format_version").bind(2, std::to_string(kStoreFormatVersion)).run();
  insert.bind(1, "study").bind(2, study.text()).run();
  insert.bind(1, "study_digest").bind(2, study.digest()).run();
}

bool is_empty(const Database& database) {
  Statement count(database, "SELECT count(*) FROM sqlite_master");
  return count.step() && count.integer(0) == 0;
}

StudyIdentity read_and_check(const Database& database) {
  // One view of the file, whatever another process does meanwhile.
  database.execute("BEGIN");
  if (database.pragma_integer("application_id") != kApplicationId) {
    refuse(database, "is an SQLite file, but not a NetSurf result store");
  }
  std::map<std::string, std::string> meta = read_meta(database);
  if (meta["format_version"] != std::to_string(kStoreFormatVersion)) {
    throw FormatError(database.path().string() + " has store format version \"" + meta["format_version"] +
                      "\", this program reads version " + std::to_string(kStoreFormatVersion) +
                      "; use the netsurf that wrote it, or choose another store file");
  }
  check_tables(database);
  check_length(database);
  check_pages(database);
  StudyIdentity study;
  try {
    study = StudyIdentity::parse(meta["study"]);
  } catch (const FormatError& error) {
    refuse(database, std::string("is damaged: ") + error.what());
  }
  if (study.digest() != meta["study_digest"])
    refuse(database, "is damaged: its study does not match the digest");
  database.execute("COMMIT");
  return study;
}

void check_file_kind(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  if (path.empty()) throw InputError("the name of the store file is empty");
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return;
  if (!fs::is_regular_file(status)) {
    throw InputError(path.string() + " is " + (fs::is_directory(status) ? "a folder" : "not a regular file") +
                     "; expected the file of a result store");
  }
  std::ifstream file(path, std::ios::binary);
  std::array<char, kMagic.size()> start{};
  file.read(start.data(), start.size());
  std::string_view found(start.data(), static_cast<size_t>(file.gcount()));
  // An empty file is what a maker stopped at once leaves behind.
  if (file.is_open() && !found.empty() && found != kMagic) {
    throw FormatError(
        path.string() +
        " is not a result store: it does not begin as an SQLite file; choose another store file");
  }
}

}  // namespace netsurf
