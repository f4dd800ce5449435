#include "tests/reference/naive_sampler.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/reference/naive_faults.h"
#include "tests/reference/naive_philox.h"

namespace netsurf::naive {
namespace {

using Unsigned = unsigned __int128;

/// The bytes that are hashed, field after field.
class Fields {
 public:
  void text(const std::string& field) {
    little_endian(field.size(), 8);
    bytes_ += field;
  }
  void number(int64_t value) {
    little_endian(8, 8);
    little_endian(static_cast<uint64_t>(value), 8);
  }
  void list(const std::vector<int64_t>& values) {
    little_endian(values.size() * 4, 8);
    for (int64_t each : values) little_endian(static_cast<uint64_t>(each), 4);
  }
  std::array<unsigned char, 32> hash() const {
    std::array<unsigned char, 32> result{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size(), result.data());
    return result;
  }

 private:
  void little_endian(uint64_t value, int size) {
    for (int i = 0; i < size; ++i, value /= 256)
      bytes_ += static_cast<char>(static_cast<unsigned char>(value % 256));
  }

  std::string bytes_;
};

/// numerator / 10^places, the fraction that the digits after the point spell.
struct Fraction {
  Unsigned numerator = 0, denominator = 1;

  explicit Fraction(const std::string& text) {
    bool after_point = false;
    for (char c : text) {
      if (c == '.') {
        after_point = true;
        continue;
      }
      numerator = numerator * 10 + static_cast<unsigned>(c - '0');
      if (after_point) denominator *= 10;
    }
  }
};

uint64_t floor_of(const UnitDecimal& fraction, uint64_t count) {
  Fraction f(fraction.text());
  return static_cast<uint64_t>(f.numerator * count / f.denominator);
}

uint64_t half_even_of(const UnitDecimal& fraction, uint64_t count) {
  Fraction f(fraction.text());
  Unsigned whole = f.numerator * count / f.denominator, rest = f.numerator * count % f.denominator;
  if (2 * rest > f.denominator || (2 * rest == f.denominator && whole % 2 == 1)) whole += 1;
  return static_cast<uint64_t>(whole);
}

uint64_t rate_of(const UnitDecimal& rate) {
  Fraction f(rate.text());
  Unsigned two_to_64 = static_cast<Unsigned>(1) << 64;
  Unsigned whole = f.numerator * two_to_64 / f.denominator, rest = f.numerator * two_to_64 % f.denominator;
  if (2 * rest >= f.denominator) whole += 1;
  return static_cast<uint64_t>(std::min(whole, two_to_64 - 1));
}

uint64_t pair_of(const std::array<uint32_t, 4>& words, uint64_t which) {
  return words[2 * which] + 4294967296u * uint64_t{words[2 * which + 1]};
}

}  // namespace

std::string bit_space_digest(const Model& model, bool stored) {
  Fields fields;
  fields.text("netsurf bit space 1");
  for (int index : first_uses(model)) {
    const Parameter& parameter = model.parameters()[static_cast<size_t>(index)];
    std::vector<int64_t> present;
    for (size_t i = 0; i < parameter.codes.size(); ++i) {
      bool is_left_out = !stored && !parameter.pruned.empty() && parameter.pruned[i] != 0;
      if (!parameter.constant && !is_left_out) present.push_back(static_cast<int64_t>(i));
    }
    fields.list({parameter.shape.begin(), parameter.shape.end()});
    fields.number(parameter.format.bits);
    fields.number(static_cast<int64_t>(present.size()));
    if (present.size() == parameter.codes.size()) present.clear();
    fields.list(present);
  }
  std::string text;
  for (unsigned char byte : fields.hash()) {
    text += "0123456789abcdef"[byte / 16];
    text += "0123456789abcdef"[byte % 16];
  }
  return text;
}

std::vector<uint64_t> binomial_entries(int n, uint64_t rate) {
  const double two_to_64 = 0x1p64, smallest = 0x1p-200;
  double p = static_cast<double>(rate) * 0x1p-64;
  double q = 1.0 - p;
  if (q == 0.0) return std::vector<uint64_t>(static_cast<size_t>(n), 0);
  size_t last = static_cast<size_t>(n);
  size_t mode = static_cast<size_t>(std::min<double>(n, std::floor((n + 1) * p)));
  std::vector<double> w(last + 1, 0.0);
  w[mode] = 1.0;
  for (size_t k = mode; k < last && w[k] > smallest; ++k) {
    double up = static_cast<double>(last - k) * p, down = static_cast<double>(k + 1) * q;
    w[k + 1] = w[k] * up / down;
  }
  for (size_t k = mode; k > 0 && w[k] > smallest; --k) {
    double up = static_cast<double>(k) * q, down = static_cast<double>(last - k + 1) * p;
    w[k - 1] = w[k] * up / down;
  }
  std::vector<double> upper(last + 2, 0.0);
  for (size_t k = last + 1; k-- > 0;) upper[k] = upper[k + 1] + w[k];
  double total = upper[0], lower = 0.0;
  std::vector<uint64_t> entries;
  for (size_t k = 0; k < last; ++k) {
    lower = lower + w[k];
    double tail = upper[k + 1] / total;
    uint64_t entry = 0;
    if (tail > 0.5) {
      entry = static_cast<uint64_t>(std::floor(lower / total * two_to_64));
    } else {
      uint64_t above = static_cast<uint64_t>(std::floor(tail * two_to_64));
      if (above == 0) break;
      entry = static_cast<uint64_t>((static_cast<Unsigned>(1) << 64) - above);
    }
    if (!entries.empty()) entry = std::max(entry, entries.back());
    entries.push_back(entry);
  }
  return entries;
}

NaiveSampler::NaiveSampler(std::string space_digest, uint64_t num_bits, FaultSpec faults,
                           Protection protection)
    : num_bits_(num_bits), faults_(std::move(faults)), protection_(std::move(protection)) {
  num_immune_ = floor_of(protection_.fraction, num_bits);
  rate_ = rate_of(faults_.bit_error_rate);
  Fields fields;
  fields.text("netsurf faults 1");
  fields.text(space_digest);
  fields.number(static_cast<int64_t>(faults_.seed));
  fields.text(faults_.model == FaultModel::bernoulli ? "bernoulli"
              : faults_.model == FaultModel::exact   ? "exact"
                                                     : "coverage");
  fields.text(faults_.design == Design::rotation ? "rotation" : "independent");
  fields.text(faults_.bit_error_rate.text());
  auto hash = fields.hash();
  for (size_t i = 0; i < 8; ++i) key_[i / 4] += uint32_t{hash[i]} << (8 * (i % 4));
}

bool NaiveSampler::is_immune(BitId bit) const {
  return num_immune_ > 0 && (*protection_.rank)[bit] < num_immune_;
}

std::array<uint32_t, 4> NaiveSampler::draw(uint64_t trial, uint32_t index, uint32_t purpose,
                                           uint32_t number) const {
  return philox({static_cast<uint32_t>(trial % 4294967296u), static_cast<uint32_t>(trial / 4294967296u),
                 index, purpose * 16777216 + number},
                key_);
}

std::vector<BitId> NaiveSampler::all_unprotected() const {
  std::vector<BitId> bits;
  for (uint64_t bit = 0; bit < num_bits_; ++bit) {
    if (!is_immune(static_cast<BitId>(bit))) bits.push_back(static_cast<BitId>(bit));
  }
  return bits;
}

void NaiveSampler::add_block(uint64_t trial, uint32_t block, std::vector<BitId>& flips) const {
  uint64_t begin = uint64_t{block} * 4096;
  uint32_t n = static_cast<uint32_t>(std::min<uint64_t>(4096, num_bits_ - begin));
  uint64_t u = pair_of(draw(trial, block, 1, 0), 0);
  uint32_t count = 0;
  for (uint64_t entry : binomial_entries(static_cast<int>(n), rate_)) count += entry <= u ? 1 : 0;
  bool holes = count > n / 2;
  uint32_t wanted = holes ? n - count : count;
  std::vector<bool> taken(n, false);
  uint32_t found = 0;
  for (uint32_t number = 0; found < wanted; ++number) {
    for (uint32_t word : draw(trial, block, 2, number)) {
      for (uint32_t half : {word % 65536, word / 65536}) {
        if (half >= 65536 - 65536 % n || found == wanted || taken[half % n]) continue;
        taken[half % n] = true;
        ++found;
      }
    }
  }
  for (uint32_t i = 0; i < n; ++i) {
    if (taken[i] != holes) flips.push_back(static_cast<BitId>(begin + i));
  }
}

std::vector<BitId> NaiveSampler::independent(uint64_t trial) const {
  std::vector<BitId> flips;
  for (uint64_t block = 0; block * 4096 < num_bits_; ++block)
    add_block(trial, static_cast<uint32_t>(block), flips);
  return flips;
}

std::vector<BitId> NaiveSampler::rotation(uint64_t trial) const {
  Unsigned trials = (static_cast<Unsigned>(1) << 64) / rate_;
  uint64_t epoch = static_cast<uint64_t>(trial / trials), place = static_cast<uint64_t>(trial % trials);
  std::vector<BitId> flips;
  for (uint64_t bit = 0; bit < num_bits_; ++bit) {
    uint64_t u = pair_of(draw(epoch, static_cast<uint32_t>(bit / 2), 3, 0), bit % 2);
    if (u / rate_ == place) flips.push_back(static_cast<BitId>(bit));
  }
  return flips;
}

std::vector<BitId> NaiveSampler::slice(uint64_t trial) const {
  std::vector<BitId> bits = all_unprotected();
  uint64_t each = half_even_of(faults_.bit_error_rate, bits.size());
  if (each == 0) return {};
  uint64_t slices = bits.size() / each;
  if (faults_.model == FaultModel::coverage && bits.size() % each != 0) slices += 1;
  std::vector<std::pair<uint64_t, BitId>> order;
  for (BitId bit : bits) order.emplace_back(pair_of(draw(trial / slices, bit / 2, 4, 0), bit % 2), bit);
  std::sort(order.begin(), order.end());
  std::vector<BitId> flips;
  uint64_t begin = trial % slices * each;
  for (uint64_t i = begin; i < std::min<uint64_t>(begin + each, order.size()); ++i)
    flips.push_back(order[i].second);
  std::sort(flips.begin(), flips.end());
  return flips;
}

std::vector<BitId> NaiveSampler::flips(uint64_t trial) const {
  std::vector<BitId> drawn;
  if (faults_.model == FaultModel::list) {
    drawn = faults_.table->trials[trial];
  } else if (faults_.bit_error_rate.is_one()) {
    return all_unprotected();
  } else if (faults_.model != FaultModel::bernoulli) {
    return slice(trial);
  } else if (rate_ > 0) {
    drawn = faults_.design == Design::rotation ? rotation(trial) : independent(trial);
  }
  std::vector<BitId> flips;
  for (BitId bit : drawn) {
    if (!is_immune(bit)) flips.push_back(bit);
  }
  return flips;
}

}  // namespace netsurf::naive
