// One table of comma-separated values, written so that the same numbers always give the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace netsurf {

/// Writes field after field; quotes text that needs it (RFC 4180); lines end in "\n".
class CsvWriter {
 public:
  explicit CsvWriter(std::ostream& out) : out_(out) {}

  CsvWriter& add(std::string_view text);
  CsvWriter& add(const char* text) { return add(std::string_view(text)); }
  CsvWriter& add(int64_t number);
  CsvWriter& add(uint64_t number);
  /// The shortest digits that read back as the same double.
  CsvWriter& add(double number);
  /// Nothing between the commas when absent.
  CsvWriter& add(const std::optional<double>& number);
  void end_line();

 private:
  void separate();

  std::ostream& out_;
  bool first_ = true;
};

}  // namespace netsurf
