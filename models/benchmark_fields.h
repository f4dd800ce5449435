// One value of a benchmark file, and the ways to read it. Everything wrong is refused with the place it
// stands at.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/model/format.h"
#include "engine/model/layer.h"

namespace netsurf {

/// The first 64 bytes of a longer word, with dots: a file of another kind may hold words without end.
std::string shortened(const std::string& word);

struct Field {
  const std::string& file;
  int line;
  std::string key;
  std::string value;

  /// Throws InputError `file:line: field "key": why`.
  [[noreturn]] void refuse(const std::string& why) const;
  /// Throws InputError `file:line: field "key": found ..., expected ...`.
  [[noreturn]] void refuse_found(const std::string& found, const std::string& expected) const;

  int integer(int low, int high) const;
  double real(double low, double high) const;
  double fraction() const;            // "0.5" or "1/256", not zero
  std::pair<int, int> pair() const;   // "3" or "3x5", each 1 to 1024
  Shape shape() const;                // "28x28x1", one to three axes, at most 2^28 elements
  Format format(int max_bits) const;  // "q<6,0,1>"
  std::string word() const;           // letters, digits, _ and -
  bool yes_or_no() const;
  size_t choice(std::span<const std::string_view> words) const;  // index into `words`
};

}  // namespace netsurf
