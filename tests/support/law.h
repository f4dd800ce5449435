// Checkers of the laws that fault lists obey. Each takes the lists of some trials and says how odd they are;
// each is shown to alarm on a planted bias in tests/engine/faults/law_checkers_test.cc.
//
// The workhorse is the centred product (X - p)(Y - p) of two bits' flips: under independence such products
// have mean 0 and variance p^2 q^2 and are uncorrelated with each other, so that a sum of m of them has the
// exact variance m p^2 q^2, whatever pairs it takes: bits a fixed distance apart, all pairs in a block, one
// bit in two trials.
#pragma once

#include <array>
#include <set>
#include <span>

#include "engine/faults/sampler.h"
#include "tests/support/law_math.h"

namespace netsurf::law {

inline constexpr uint64_t kBlock = 4096;

/// What the lists claim to be: trials in which each of `bits` bits flips with probability `rate`, all
/// independent.
struct Claim {
  uint64_t bits = 0;
  double rate = 0;
};

using Checker = Verdict (*)(const FaultBatch&, const Claim&);

inline uint64_t num_trials(const FaultBatch& batch) { return batch.offset.size() - 1; }
inline std::span<const BitId> list(const FaultBatch& batch, uint64_t i) {
  return batch.flips(batch.begin + i);
}

/// Sum of `pairs` centred products of which `joint` have both bits flipped; `single` counts the flips of
/// either side.
inline Verdict centred_sum(double joint, double first, double second, double pairs, double p1, double p2,
                           const std::string& what) {
  double rare = std::min({p1 * p2, p1 * (1 - p2), (1 - p1) * p2, (1 - p1) * (1 - p2)}) * pairs;
  if (rare >= 100) {
    double sum = joint - p2 * first - p1 * second + pairs * p1 * p2;
    double z = sum / std::sqrt(pairs * p1 * (1 - p1) * p2 * (1 - p2));
    return {normal_two_sided(z), what + ": z = " + std::to_string(z)};
  }
  double mean = pairs * p1 * p2;
  if (p1 > 0.5 || p2 > 0.5) return {};
  return {poisson_at_least(static_cast<uint64_t>(joint), mean),
          what + ": " + std::to_string(joint) + " joint flips, expected " + std::to_string(mean)};
}

/// Lists are sorted without repeats, inside the space; all or nothing flips at rates 1 and 0.
inline Verdict check_form(const FaultBatch& batch, const Claim& claim) {
  if (batch.offset.empty() || batch.offset.front() != 0 || batch.offset.back() != batch.bits.size()) {
    return broken("offsets do not enclose the bits");
  }
  for (uint64_t t = 0; t < num_trials(batch); ++t) {
    if (batch.offset[t] > batch.offset[t + 1]) return broken("offsets fall");
    auto flips = list(batch, t);
    for (size_t i = 0; i < flips.size(); ++i) {
      if (flips[i] >= claim.bits) return broken("bit " + std::to_string(flips[i]) + " is outside the space");
      if (i > 0 && flips[i - 1] >= flips[i]) return broken("trial " + std::to_string(t) + " is not rising");
    }
    if (claim.rate == 0 && !flips.empty()) return broken("a flip at rate 0");
    if (claim.rate == 1 && flips.size() != claim.bits) return broken("a missing flip at rate 1");
  }
  return {};
}

/// Flips per trial: their mean, their variance, and their histogram against Binomial(bits, rate).
inline Verdict check_counts(const FaultBatch& batch, const Claim& claim) {
  double n = static_cast<double>(claim.bits), p = claim.rate, t = static_cast<double>(num_trials(batch));
  double variance = n * p * (1 - p);
  if (variance == 0) return {};
  std::vector<uint32_t> counts;
  double total = 0, squares = 0;
  for (uint64_t i = 0; i < num_trials(batch); ++i) {
    double count = static_cast<double>(list(batch, i).size());
    counts.push_back(static_cast<uint32_t>(count));
    total += count;
    squares += (count - n * p) * (count - n * p);
  }
  Verdict verdict;
  if (t * variance >= 100) {
    double z = (total - t * n * p) / std::sqrt(t * variance);
    verdict.join({normal_two_sided(z), "mean count: z = " + std::to_string(z)});
  } else if (p < 0.5) {
    verdict.join({poisson_at_least(static_cast<uint64_t>(total), t * n * p), "too many flips"});
  }
  if (t * variance >= 1000 && t >= 100) {
    double z = (squares / variance - t) / std::sqrt(t * (2 + (1 - 6 * p * (1 - p)) / variance));
    verdict.join({normal_two_sided(z), "variance of the count: z = " + std::to_string(z)});
  }
  verdict.join(binomial_histogram(counts, claim.bits, p, "count per trial"));
  return verdict;
}

/// How flips spread over classes of positions: `of(id)` in [0, num_classes). `ratio` is variance / mean of a
/// bit's flips over all the trials together, `is_total_fixed` whether the number of flips is.
template <typename ClassOf>
Verdict check_classes(const FaultBatch& batch, const Claim& claim, uint64_t num_classes, double ratio,
                      bool is_total_fixed, ClassOf of, const std::string& what) {
  std::vector<double> size(num_classes), seen(num_classes);
  for (uint64_t id = 0; id < claim.bits; ++id) ++size[of(id)];
  for (BitId id : batch.bits) ++seen[of(id)];
  double per_bit = claim.rate * static_cast<double>(num_trials(batch)), chi = 0;
  int degrees = is_total_fixed ? -1 : 0;
  double thin_seen = 0, thin_expected = 0;
  auto count = [&](double found, double expected) {
    chi += (found - expected) * (found - expected) / (expected * ratio);
    ++degrees;
  };
  for (uint64_t k = 0; k < num_classes; ++k) {
    double expected = size[k] * per_bit;
    if (expected * ratio >= 20) {
      count(seen[k], expected);
    } else {
      thin_seen += seen[k];
      thin_expected += expected;
    }
  }
  if (thin_expected * ratio >= 20) count(thin_seen, thin_expected);
  if (degrees < 1) return {};
  // A few whole numbers may well equal their expectations; many do so only when they are not drawn freely.
  double odds = degrees >= 8 ? chi_square_two_sided(chi, degrees) : chi_square_above(chi, degrees);
  return {odds, what + ": chi-square " + std::to_string(chi) + " for " + std::to_string(degrees)};
}

/// Positions over the whole space, within words, within blocks and at the edges of blocks.
inline Verdict check_positions_of(const FaultBatch& batch, const Claim& claim, double ratio,
                                  bool is_total_fixed) {
  double power =
      static_cast<double>(claim.bits) * claim.rate * static_cast<double>(num_trials(batch)) * ratio;
  auto classes = [&](uint64_t most) {
    while (most > 1 && (power < 40 * static_cast<double>(most) || most > claim.bits)) most /= 2;
    return most;
  };
  Verdict verdict;
  uint64_t regions = classes(512), in_word = classes(64), in_block = classes(256);
  auto check = [&](uint64_t count, auto of, const char* what) {
    verdict.join(check_classes(batch, claim, count, ratio, is_total_fixed, of, what));
  };
  check(
      regions, [&](uint64_t id) { return id * regions / claim.bits; }, "regions of the space");
  check(
      8, [&](uint64_t id) { return id * 8 / claim.bits; }, "eighths of the space");
  check(
      in_word, [&](uint64_t id) { return id % 64 * in_word / 64; }, "position in the word");
  check(
      in_block, [&](uint64_t id) { return id % kBlock * in_block / kBlock; }, "position in the block");
  // First, last, the next fifteen on either side, the inside: where an off-by-one or a modulo shows.
  auto edge = [](uint64_t id) -> uint64_t {
    uint64_t from_begin = id % kBlock, from_end = kBlock - 1 - from_begin;
    if (std::min(from_begin, from_end) == 0) return from_begin == 0 ? 0 : 1;
    return from_begin < 16 ? 2 : (from_end < 16 ? 3 : 4);
  };
  if (claim.bits > 1000) check(5, edge, "edges of blocks");
  return verdict;
}

inline Verdict check_positions(const FaultBatch& batch, const Claim& claim) {
  if (claim.rate == 0 || claim.rate == 1) return {};
  return check_positions_of(batch, claim, 1 - claim.rate, false);
}

/// Bits a fixed distance apart, in one trial.
inline Verdict check_lags(const FaultBatch& batch, const Claim& claim) {
  Verdict verdict;
  if (claim.rate == 0 || claim.rate == 1) return verdict;
  std::set<uint64_t> lags = {
      1, 2, 3, 4, 8, 31, 32, 63, 64, 65, 1000, 4095, 4096, 4097, 8192, claim.bits / 2, claim.bits / 3};
  for (uint64_t lag : lags) {
    if (lag == 0 || lag >= claim.bits) continue;
    double joint = 0, first = 0, second = 0;
    for (uint64_t t = 0; t < num_trials(batch); ++t) {
      auto flips = list(batch, t);
      size_t ahead = 0;
      for (BitId id : flips) {
        if (id >= lag) ++second;
        if (id + lag >= claim.bits) continue;
        ++first;
        while (ahead < flips.size() && flips[ahead] < id + lag) ++ahead;
        if (ahead < flips.size() && flips[ahead] == id + lag) ++joint;
      }
    }
    double pairs = static_cast<double>(num_trials(batch)) * static_cast<double>(claim.bits - lag);
    verdict.join(
        centred_sum(joint, first, second, pairs, claim.rate, claim.rate, "distance " + std::to_string(lag)));
  }
  return verdict;
}

/// Flips per block against the binomial; all pairs of bits of one block; all pairs of bits of different
/// blocks.
inline Verdict check_blocks(const FaultBatch& batch, const Claim& claim) {
  Verdict verdict;
  double p = claim.rate, t = static_cast<double>(num_trials(batch));
  if (p == 0 || p == 1) return verdict;
  uint64_t full = claim.bits / kBlock, rest = claim.bits % kBlock;
  std::vector<uint32_t> counts;
  auto centred_pairs = [&](double count, double size) {
    return count * (count - 1) / 2 - p * (size - 1) * count + size * (size - 1) / 2 * p * p;
  };
  double same = 0, all = 0;
  std::vector<uint32_t> of_block(full + 1);
  for (uint64_t i = 0; i < num_trials(batch); ++i) {
    std::fill(of_block.begin(), of_block.end(), 0);
    for (BitId id : list(batch, i)) ++of_block[id / kBlock];
    for (uint64_t b = 0; b < full; ++b) same += centred_pairs(of_block[b], kBlock);
    same += centred_pairs(of_block[full], static_cast<double>(rest));
    all += centred_pairs(static_cast<double>(list(batch, i).size()), static_cast<double>(claim.bits));
    counts.insert(counts.end(), of_block.begin(), of_block.end() - 1);
  }
  if (!counts.empty()) verdict.join(binomial_histogram(counts, kBlock, p, "count per block"));
  auto pairs_of = [](uint64_t n) { return static_cast<double>(n) * (static_cast<double>(n) - 1) / 2; };
  double pairs_same = t * (static_cast<double>(full) * pairs_of(kBlock) + (rest > 0 ? pairs_of(rest) : 0));
  double pairs_all = t * pairs_of(claim.bits);
  auto join = [&](double sum, double pairs, double groups, const char* what) {
    double rare = pairs * std::min(p * p, (1 - p) * (1 - p));
    if (rare < 1000 || groups < 500) return;  // a sum of squares is far from normal until there are many
    double z = sum / (std::sqrt(pairs) * p * (1 - p));
    verdict.join({normal_two_sided(z), std::string(what) + ": z = " + std::to_string(z)});
  };
  join(same, pairs_same, t * static_cast<double>(full), "pairs in one block");
  join(all - same, pairs_all - pairs_same, t, "pairs in different blocks");
  return verdict;
}

/// How many bits two sorted lists share.
inline double overlap(std::span<const BitId> one, std::span<const BitId> other) {
  uint64_t joint = 0;
  for (size_t i = 0, j = 0; i < one.size() && j < other.size();) {
    BitId left = one[i], right = other[j];
    joint += left == right;
    i += left <= right;
    j += right <= left;
  }
  return static_cast<double>(joint);
}

/// Trial t of one stream against trial t of another, both of the same bits.
inline Verdict check_streams(const FaultBatch& one, double rate_one, const FaultBatch& other,
                             double rate_other, uint64_t bits) {
  double joint = 0, first = 0, second = 0;
  uint64_t trials = std::min(num_trials(one), num_trials(other));
  for (uint64_t t = 0; t < trials; ++t) {
    joint += overlap(list(one, t), list(other, t));
    first += static_cast<double>(list(one, t).size());
    second += static_cast<double>(list(other, t).size());
  }
  double pairs = static_cast<double>(trials) * static_cast<double>(bits);
  return centred_sum(joint, first, second, pairs, rate_one, rate_other, "two streams");
}

/// Independence of trials: the same bit in trials some way apart, the same bit in any two trials, counts of
/// neighbours, and whole lists that return.
inline Verdict check_trials(const FaultBatch& batch, const Claim& claim) {
  Verdict verdict;
  double n = static_cast<double>(claim.bits), p = claim.rate;
  uint64_t trials = num_trials(batch);
  double t = static_cast<double>(trials);
  if (p == 0 || p == 1) return verdict;
  for (uint64_t lag : {1, 2, 3, 4, 8, 32, 64, 100, 256}) {
    if (lag >= trials) break;
    double joint = 0, first = 0, second = 0, counts = 0;
    for (uint64_t i = 0; i + lag < trials; ++i) {
      joint += overlap(list(batch, i), list(batch, i + lag));
      double c1 = static_cast<double>(list(batch, i).size()),
             c2 = static_cast<double>(list(batch, i + lag).size());
      first += c1;
      second += c2;
      counts += (c1 - n * p) * (c2 - n * p);
    }
    double pairs = static_cast<double>(trials - lag);
    std::string name = std::to_string(lag) + " trials apart";
    verdict.join(centred_sum(joint, first, second, pairs * n, p, p, "one bit " + name));
    if (pairs >= 500 && n * p * (1 - p) >= 1) {
      double z = counts / (n * p * (1 - p)) / std::sqrt(pairs);
      verdict.join({normal_two_sided(z), "counts " + name + ": z = " + std::to_string(z)});
    }
  }
  double rare = n * t * (t - 1) / 2 * std::min(p * p, (1 - p) * (1 - p));
  if (rare >= 1000 && claim.bits >= 500 && trials > 1) {
    std::vector<uint32_t> of_bit(claim.bits);
    for (BitId id : batch.bits) ++of_bit[id];
    double sum = 0;
    for (uint32_t count : of_bit)
      sum += (count - t * p) * (count - t * p) - t * p * (1 - p) - (1 - 2 * p) * (count - t * p);
    double z = sum / std::sqrt(2 * n * t * (t - 1)) / (p * (1 - p));
    verdict.join({normal_two_sided(z), "one bit in any two trials: z = " + std::to_string(z)});
  }
  if (t * t * std::exp(n * std::log1p(-2 * p * (1 - p))) < 1e-13) {
    std::set<std::vector<BitId>> lists;
    for (uint64_t i = 0; i < trials; ++i) {
      auto flips = list(batch, i);
      // A head of a thousand flips tells lists apart as surely.
      lists.emplace(flips.begin(),
                    flips.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(flips.size(), 1000)));
    }
    if (lists.size() != trials) return broken("two trials flip the same bits");
  }
  return verdict;
}

struct CheckerRow {
  const char* name;
  Checker check;
};

/// Everything that holds for independent Bernoulli trials.
inline constexpr std::array kBernoulliCheckers = {
    CheckerRow{"form", check_form},           CheckerRow{"counts", check_counts},
    CheckerRow{"positions", check_positions}, CheckerRow{"lags", check_lags},
    CheckerRow{"blocks", check_blocks},       CheckerRow{"trials", check_trials},
};

/// The oddest of all verdicts; the form alone when that is broken.
inline Verdict check_bernoulli(const FaultBatch& batch, const Claim& claim) {
  Verdict verdict;
  for (const CheckerRow& row : kBernoulliCheckers) {
    Verdict next = row.check(batch, claim);
    next.what = std::string(row.name) + ": " + next.what;
    verdict.join(next);
    if (verdict.p_value == 0) break;
  }
  return verdict;
}

/// In each epoch of `size` trials a bit flips at most once. The batch begins with an epoch.
inline Verdict check_at_most_once(const FaultBatch& batch, uint64_t bits, uint64_t size) {
  std::vector<uint64_t> last(bits, ~uint64_t{0});
  for (uint64_t t = 0; t < num_trials(batch); ++t) {
    for (BitId id : list(batch, t)) {
      if (last[id] == t / size)
        return broken("bit " + std::to_string(id) + " flips twice in epoch " + std::to_string(t / size));
      last[id] = t / size;
    }
  }
  return {};
}

/// In each whole epoch of `size` trials every bit of `bits` flips exactly once.
inline Verdict check_exactly_once(const FaultBatch& batch, std::span<const BitId> bits, uint64_t size) {
  for (uint64_t begin = 0; begin + size <= num_trials(batch); begin += size) {
    std::vector<BitId> seen(batch.bits.begin() + static_cast<std::ptrdiff_t>(batch.offset[begin]),
                            batch.bits.begin() + static_cast<std::ptrdiff_t>(batch.offset[begin + size]));
    std::sort(seen.begin(), seen.end());
    if (!std::equal(seen.begin(), seen.end(), bits.begin(), bits.end())) {
      return broken("the epoch of trial " + std::to_string(begin) + " does not flip every bit exactly once");
    }
  }
  return {};
}

/// Numbers with a known variance and mean 0, many small parts each: are they as wide as that?
inline Verdict check_spread(std::span<const double> values, double variance, const std::string& what) {
  double sum = 0;
  for (double value : values) sum += value * value;
  double chi = sum / variance, degrees = static_cast<double>(values.size());
  return {chi_square_two_sided(chi, degrees),
          what + ": chi-square " + std::to_string(chi) + " for " + std::to_string(degrees)};
}

}  // namespace netsurf::law
