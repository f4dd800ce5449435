// The tables of a store file, and the checks a file must pass before anything in it is believed.
#pragma once

#include <filesystem>

#include "engine/store/result_store.h"
#include "engine/store/sqlite.h"

namespace netsurf {

inline constexpr int64_t kStoreFormatVersion = 1;

/// Makes the tables of an empty database and writes the study. REQUIRES: inside a transaction.
void create_schema(const Database& database, const StudyIdentity& study);

/// No tables at all: a new file, or one whose maker was stopped before its first transaction.
bool is_empty(const Database& database);

/// Checks application id, format version, tables, and the pages of the file, and reads the study. Throws
/// FormatError.
StudyIdentity read_and_check(const Database& database);

/// Throws InputError when there is something at `path` that is not a file, FormatError when it is a file but
/// not of SQLite.
void check_file_kind(const std::filesystem::path& path);

}  // namespace netsurf
