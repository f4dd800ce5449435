// What the GPU program prints: one line per result, its kind and key=value pairs between tabs. check.py makes
// JSON of them. Written line by line, so that a run cut short leaves what it had.
#pragma once

#include <cstdio>
#include <string>

namespace netsurf::bench {

class Row {
 public:
  explicit Row(const std::string& kind) : text_(kind) {}

  /// Tabs and line ends in a text become blanks.
  Row& add(const char* key, std::string value) {
    for (char& c : value) c = c == '\t' || c == '\n' ? ' ' : c;
    text_ += std::string("\t") + key + "=" + value;
    return *this;
  }
  Row& add(const char* key, int64_t value) { return add(key, std::to_string(value)); }
  Row& add(const char* key, uint64_t value) { return add(key, std::to_string(value)); }
  Row& add(const char* key, int value) { return add(key, std::to_string(value)); }
  /// Six significant digits.
  Row& add(const char* key, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", value);
    return add(key, std::string(digits));
  }
  void print() const {
    std::puts(text_.c_str());
    std::fflush(stdout);
  }

 private:
  std::string text_;
};

}  // namespace netsurf::bench
