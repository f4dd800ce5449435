#include "models/csv.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/bytes.h"
#include "models/datasets_array.h"
#include "models/gzip.h"

namespace netsurf {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

char find_separator(std::string_view line) {
  for (char separator : {',', ';'}) {
    if (line.find(separator) != std::string_view::npos) return separator;
  }
  return ' ';
}

/// Calls visit(field) for every field of a line, trimmed; runs of blanks separate once.
template <typename Visit>
void for_each_field(std::string_view line, char separator, const Visit& visit) {
  size_t at = 0;
  while (true) {
    size_t end = separator == ' ' ? line.find_first_of(" \t", at) : line.find(separator, at);
    visit(trim(line.substr(at, end == std::string_view::npos ? end : end - at)));
    if (end == std::string_view::npos) return;
    at = end + 1;
    if (separator == ' ') at = line.find_first_not_of(" \t", at);
  }
}

std::optional<float> read_number(std::string_view field) {
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  float number = 0;
  auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  // A value too small for a float reads as zero; from_chars reports it as it reports one too large.
  if (error == std::errc::result_out_of_range) {
    double wide = 0;
    auto [wide_end, wide_error] = std::from_chars(field.data(), field.data() + field.size(), wide);
    if (wide_error != std::errc() || std::fabs(wide) > 1) return std::nullopt;
    end = wide_end;
    number = static_cast<float>(wide);
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  if (end != field.data() + field.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// Whether a field is written as a number, "nan" and "inf" among them: then its line is no header.
bool looks_numeric(std::string_view field) {
  double number = 0;
  auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error != std::errc::invalid_argument && end == field.data() + field.size();
}

[[noreturn]] void fail(std::string_view file, int64_t line, const std::string& problem) {
  throw FormatError(std::string(file) + ": line " + std::to_string(line) + ": " + problem);
}

/// The names when the first line is a header, nothing when it holds numbers.
std::vector<std::string> header_names(std::string_view line, char separator, std::string_view file,
                                      int64_t number) {
  std::vector<std::string> names;
  bool any_number = false;
  for_each_field(line, separator, [&](std::string_view field) {
    any_number = any_number || looks_numeric(field);
    names.emplace_back(field.size() >= 2 && field.front() == '"' && field.back() == '"'
                           ? field.substr(1, field.size() - 2)
                           : field);
  });
  if (any_number) return {};
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      fail(file, number,
           "column " + std::to_string(i + 1) +
               " has no name; a table written by pandas needs to_csv(..., index=False)");
    }
  }
  return names;
}

}  // namespace

NumberTable parse_csv(std::string_view text, std::string_view file) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  NumberTable table;
  char separator = 0;
  int64_t line_number = 0;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line_number;
    if (line.empty()) continue;
    if (separator == 0) {
      separator = find_separator(line);
      table.names = header_names(line, separator, file, line_number);
      table.columns = static_cast<int64_t>(table.names.size());
      if (!table.names.empty()) continue;
    }
    int64_t column = 0;
    for_each_field(line, separator, [&](std::string_view field) {
      ++column;
      std::optional<float> number = read_number(field);
      if (!number) {
        fail(file, line_number,
             "column " + std::to_string(column) + ": " + quoted_text(field) + " is not a finite number");
      }
      table.values.push_back(*number);
    });
    if (table.columns == 0) table.columns = column;
    if (column != table.columns) {
      fail(file, line_number,
           "found " + std::to_string(column) + " columns, expected " + std::to_string(table.columns) +
               " as in the first row");
    }
    ++table.rows;
  }
  if (table.rows == 0) throw FormatError(std::string(file) + ": no rows of numbers, expected at least one");
  return table;
}

NumberTable read_csv(const std::filesystem::path& path) {
  return parse_csv(read_plain_or_gzip(path, kMaxArrayBytes), path.string());
}

}  // namespace netsurf
