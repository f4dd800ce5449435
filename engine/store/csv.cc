#include "engine/store/csv.h"

#include <charconv>

namespace netsurf {

void CsvWriter::separate() {
  if (!first_) out_ << ',';
  first_ = false;
}

CsvWriter& CsvWriter::add(std::string_view text) {
  separate();
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out_ << text;
    return *this;
  }
  out_ << '"';
  for (char c : text) {
    if (c == '"') out_ << '"';
    out_ << c;
  }
  out_ << '"';
  return *this;
}

CsvWriter& CsvWriter::add(int64_t number) { return add(std::string_view(std::to_string(number))); }

CsvWriter& CsvWriter::add(uint64_t number) { return add(std::string_view(std::to_string(number))); }

CsvWriter& CsvWriter::add(double number) {
  char digits[64];
  char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return add(std::string_view(digits, static_cast<size_t>(end - digits)));
}

CsvWriter& CsvWriter::add(const std::optional<double>& number) {
  return number ? add(*number) : add(std::string_view());
}

void CsvWriter::end_line() {
  out_ << '\n';
  first_ = true;
}

}  // namespace netsurf
