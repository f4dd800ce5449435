#include "apps/text_table.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace netsurf {
namespace {

bool looks_numeric(const std::string& cell) {
  return cell.empty() || cell == "-" ||
         (cell.find_first_of("0123456789") != std::string::npos &&
          cell.find_first_not_of("0123456789.eE+-%, []x") == std::string::npos);
}

}  // namespace

std::string TextTable::text() const {
  size_t num_columns = rows_[0].size();
  std::vector<size_t> width(num_columns, 0);
  std::vector<bool> is_numeric(num_columns, true);
  for (size_t r = 0; r < rows_.size(); ++r) {
    for (size_t c = 0; c < num_columns; ++c) {
      width[c] = std::max(width[c], rows_[r][c].size());
      if (r > 0 && !looks_numeric(rows_[r][c])) is_numeric[c] = false;
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t c = 0; c < num_columns; ++c) {
      std::string padding(width[c] - row[c].size(), ' ');
      line += (c > 0 ? "  " : "") + (is_numeric[c] ? padding + row[c] : row[c] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string number_text(const char* format, double number) {
  std::array<char, 64> buffer;
  std::snprintf(buffer.data(), buffer.size(), format, number);
  return buffer.data();
}

std::string counted(uint64_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

std::string short_digest(const std::string& digest) { return digest.substr(0, 12); }

}  // namespace netsurf
