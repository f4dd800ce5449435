// Tables of numbers as text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf {

/// A rectangular table; every number is finite.
struct NumberTable {
  std::vector<std::string> names;  // of the columns; empty without a header row
  int64_t rows = 0, columns = 0;
  std::vector<float> values;  // [rows, columns]
};

/// Reads rows of numbers separated by commas, semicolons or blanks (whichever the first line has, in this
/// order); empty lines are skipped. A first line without any number is the header. Throws FormatError naming
/// `file`, line and column: a field that is not a finite number, rows of different lengths, a header without
/// a name for each column, no rows.
NumberTable parse_csv(std::string_view text, std::string_view file);

/// As parse_csv, from a file, gzip'd or plain. Throws InputError when it is missing.
NumberTable read_csv(const std::filesystem::path& path);

}  // namespace netsurf
