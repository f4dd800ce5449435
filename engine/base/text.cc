#include "engine/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "engine/base/error.h"

namespace netsurf {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::string number_text(double number) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.12g", number);
  return buffer;
}

}  // namespace

std::string_view trim(std::string_view text) {
  static constexpr std::string_view kSpace = " \t\r\n";
  size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> pieces;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = std::min(text.find_first_of(separators, at), text.size());
    if (end > at) pieces.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return pieces;
}

std::string join(std::span<const std::string> pieces, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) text += separator;
    text += pieces[i];
  }
  return text;
}

std::string nearest_word(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string unknown_word_message(std::string_view what, std::string_view word,
                                 std::span<const std::string> candidates) {
  std::string message = "unknown " + std::string(what) + " \"" + std::string(word) + "\"";
  std::string nearest = nearest_word(word, candidates);
  if (!nearest.empty()) message += "; did you mean \"" + nearest + "\"?";
  return message + " (known: " + join(candidates, ", ") + ")";
}

int64_t parse_integer(std::string_view text, std::string_view what, int64_t low, int64_t high) {
  std::string plain;
  for (char c : text) {
    if (c != '_') plain += c;
  }
  auto refuse = [&](const std::string& why) {
    throw InputError(std::string(what) + " \"" + std::string(text) + "\" " + why +
                     "; expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  };
  int64_t number = 0;
  auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), number);
  if (error != std::errc() || end != plain.data() + plain.size()) {
    double real = 0;
    auto [real_end, real_error] = std::from_chars(plain.data(), plain.data() + plain.size(), real);
    bool whole =
        real_error == std::errc() && real_end == plain.data() + plain.size() && real == std::floor(real);
    if (!whole) refuse("is not a whole number");
    if (std::fabs(real) >= 0x1p63) refuse("is out of range");
    number = static_cast<int64_t>(real);
  }
  if (number < low || number > high) refuse("is out of range");
  return number;
}

double parse_real(std::string_view text, std::string_view what, double low, double high) {
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool readable = error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
  if (!readable || number < low || number > high) {
    throw InputError(std::string(what) + " \"" + std::string(text) + "\" is " +
                     (readable ? "out of range" : "not a number") + "; expected a number from " +
                     number_text(low) + " to " + number_text(high));
  }
  return number;
}

std::string duration_text(double seconds) {
  char buffer[64];
  if (!(seconds >= 0)) return "?";
  if (seconds < 60) {
    std::snprintf(buffer, sizeof buffer, "%.1f s", seconds);
  } else if (seconds < 3600) {
    int whole = static_cast<int>(seconds);
    std::snprintf(buffer, sizeof buffer, "%d min %02d s", whole / 60, whole % 60);
  } else {
    double minutes = std::min(seconds / 60, 1e9);
    std::snprintf(buffer, sizeof buffer, "%.0f h %02d min", std::floor(minutes / 60),
                  static_cast<int>(std::fmod(minutes, 60)));
  }
  return buffer;
}

}  // namespace netsurf
