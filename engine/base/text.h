// Small text helpers shared by flags, benchmark files and messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf {

std::string_view trim(std::string_view text);

/// Splits at any character of `separators`; empty pieces are dropped.
std::vector<std::string> split(std::string_view text, std::string_view separators);

std::string join(std::span<const std::string> pieces, std::string_view separator);

/// The candidate nearest to `word` by edit distance, or "" when none is within a third of its length (at
/// least 2 edits).
std::string nearest_word(std::string_view word, std::span<const std::string> candidates);

/// `unknown <what> "<word>"; did you mean "<nearest>"? known: a, b, c`. For InputError texts.
std::string unknown_word_message(std::string_view what, std::string_view word,
                                 std::span<const std::string> candidates);

/// A whole decimal integer in [low, high]; "1e6" and "1_000_000" are read too. Throws InputError naming
/// `what`.
int64_t parse_integer(std::string_view text, std::string_view what, int64_t low, int64_t high);

/// A finite real number in [low, high]. Throws InputError naming `what`.
double parse_real(std::string_view text, std::string_view what, double low, double high);

/// "12.3 s", "4 min 05 s", "3 h 10 min".
std::string duration_text(double seconds);

}  // namespace netsurf
