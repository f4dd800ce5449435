#include "models/foreign/fit.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace netsurf::foreign {
namespace {

constexpr int kMostFracBits = 62;

/// Codes at a step of 2^-frac_bits.
std::vector<int32_t> rounded(const std::vector<double>& values, int frac_bits) {
  std::vector<int32_t> codes;
  codes.reserve(values.size());
  for (double value : values) {
    double code = std::nearbyint(std::ldexp(value, frac_bits));
    codes.push_back(static_cast<int32_t>(std::clamp(code, -0x1p31, 0x1p31 - 1)));
  }
  return codes;
}

/// Bits of two's complement that the codes need, at least two.
int bits_needed(const std::vector<int32_t>& codes) {
  int bits = 2;
  for (int32_t code : codes) {
    auto reach = static_cast<uint32_t>(code < 0 ? -(code + 1) : code);
    bits = std::max(bits, static_cast<int>(std::bit_width(reach)) + 1);
  }
  return bits;
}

}  // namespace

Fitted fit(const std::vector<double>& values, int bits, int most_frac_bits) {
  double largest = 0;
  for (double value : values) largest = std::max(largest, std::abs(value));
  int frac_bits = std::min(most_frac_bits, kMostFracBits);
  if (largest > 0) frac_bits = std::min(frac_bits, bits - 1 - std::ilogb(largest));
  frac_bits = std::clamp(frac_bits, -kMostFracBits, kMostFracBits);
  std::vector<int32_t> codes = rounded(values, frac_bits);
  while (bits_needed(codes) > bits) codes = rounded(values, --frac_bits);

  // Common trailing zeros say nothing.
  int32_t any = 0;
  for (int32_t code : codes) any |= code;
  if (any == 0) {
    frac_bits = std::min(frac_bits, 0);
  } else {
    int zeros = std::countr_zero(static_cast<uint32_t>(any));
    zeros = std::min(zeros, frac_bits + kMostFracBits);
    for (int32_t& code : codes) code >>= zeros;
    frac_bits -= zeros;
  }
  // A value that was rounded keeps the whole width; exact ones take what they need.
  bool is_exact = true;
  for (size_t i = 0; i < values.size(); ++i)
    is_exact = is_exact && std::ldexp(static_cast<double>(codes[i]), -frac_bits) == values[i];
  int stored = is_exact ? bits_needed(codes) : bits;
  return {Format{stored, stored - 1 - frac_bits, true}, std::move(codes)};
}

}  // namespace netsurf::foreign
