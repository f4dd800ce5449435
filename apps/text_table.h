// A table of text with aligned columns, for stdout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// Columns that look like numbers are right-aligned; two blanks between columns.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
};

/// printf-style with one double: number_text("%.2f %%", 97.31).
std::string number_text(const char* format, double number);

/// "1 cell", "2 cells".
std::string counted(uint64_t count, std::string_view thing);

/// As much of a digest as a person is shown.
std::string short_digest(const std::string& digest);

}  // namespace netsurf
