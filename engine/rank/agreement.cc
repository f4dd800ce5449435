#include "engine/rank/agreement.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/backend/parallel.h"
#include "engine/rank/influence.h"

namespace netsurf {
namespace {

constexpr size_t kBlock = 4096;                         // bits drawn at a time
constexpr size_t kPairMemory = size_t{256} << 20;       // bytes of pairs at work together
constexpr size_t kPairBytes = 2 * sizeof(int16_t) + 1;  // per bit of a pair

using Levels = std::vector<uint8_t>;

/// level[bit]: the first of `tops` whose first bits hold it, or tops.size().
Levels levels_of(Places places, std::span<const uint64_t> tops) {
  Levels level(places.size());
  for (size_t bit = 0; bit < places.size(); ++bit)
    level[bit] = static_cast<uint8_t>(std::upper_bound(tops.begin(), tops.end(), places[bit]) - tops.begin());
  return level;
}

double tau_from(std::span<const int64_t> surplus) {
  auto n = static_cast<double>(surplus.size());
  if (surplus.size() < 2) return 1;
  __int128 sum = 0;
  for (int64_t value : surplus) sum += value;
  return static_cast<double>(sum) / (n * (n - 1));
}

/// Numbers around zero in steps that make the largest 2^15 - 1: fine enough for intervals, and their sums are
/// whole.
struct Steps {
  std::vector<int16_t> number;
  double step = 0;

  Steps() = default;
  explicit Steps(std::span<const double> values) : number(values.size()) {
    double most = 0;
    for (double value : values) most = std::max(most, std::fabs(value));
    if (most == 0) return;
    step = most / INT16_MAX;
    for (size_t i = 0; i < values.size(); ++i)
      number[i] = static_cast<int16_t>(std::lround(values[i] / step));
  }
};

/// What a pair needs in every resample. Influences are around their mean.
struct PairAtWork {
  Steps kendall, spearman;
  Levels both;  // the later of the two levels
  double tau = 1, rho = 1;
};

PairAtWork prepare(Places a, Places b, const Levels& level_a, const Levels& level_b) {
  PairAtWork pair;
  size_t n = a.size();
  std::vector<int64_t> surplus = pair_surplus(a, b);
  pair.tau = tau_from(surplus);
  pair.rho = spearman_rho(a, b);
  pair.both.resize(n);
  std::transform(level_a.begin(), level_a.end(), level_b.begin(), pair.both.begin(),
                 [](uint8_t x, uint8_t y) { return std::max(x, y); });
  std::vector<double> influence(n);
  // Tau has two bits in each of its pairs, hence the 2.
  for (size_t bit = 0; n > 1 && bit < n; ++bit)
    influence[bit] = 2 * (static_cast<double>(surplus[bit]) / (static_cast<double>(n) - 1) - pair.tau);
  pair.kendall = Steps(influence);
  if (n > 1) influence = rho_influence(a, b);
  double mean = std::accumulate(influence.begin(), influence.end(), 0.0) / static_cast<double>(n);
  // A constant influence, as of equal orders, leaves nothing but the rounding of its mean.
  auto [least, most] = std::minmax_element(influence.begin(), influence.end());
  bool is_constant = *most - *least < 1e-9;
  for (double& value : influence) value = is_constant ? 0 : value - mean;
  pair.spearman = Steps(influence);
  return pair;
}

/// Sum of counts x numbers of a block: below 2^31, as counts are at most 8.
int32_t dot(const int16_t* counts, const int16_t* numbers, size_t size) {
  int32_t sum = 0;
  for (size_t i = 0; i < size; ++i) sum += int32_t{counts[i]} * numbers[i];
  return sum;
}

/// Sum of counts whose level is at most `most`.
uint32_t sum_up_to(const uint8_t* counts, const uint8_t* level, uint8_t most, size_t size) {
  constexpr size_t kLanes = 32, kRows = 31;  // 31 counts of at most 8 fit a byte
  uint32_t sum = 0;
  size_t at = 0;
  while (at + kLanes <= size) {
    uint8_t lanes[kLanes] = {};
    size_t end = std::min(size - size % kLanes, at + kLanes * kRows);
    for (; at < end; at += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        uint8_t is_in = level[at + lane] <= most ? 0xFF : 0;
        lanes[lane] = static_cast<uint8_t>(lanes[lane] + (counts[at + lane] & is_in));
      }
    }
    for (uint8_t lane : lanes) sum += lane;
  }
  for (; at < size; ++at) sum += level[at] <= most ? counts[at] : 0;
  return sum;
}

/// The figures of all resamples of one pair.
struct Resampled {
  std::vector<double> kendall, spearman;
  std::vector<std::vector<double>> jaccard, overlap;  // [tops][resamples]

  Resampled(size_t num_tops, size_t resamples)
      : kendall(resamples),
        spearman(resamples),
        jaccard(num_tops, std::vector<double>(resamples)),
        overlap(num_tops, std::vector<double>(resamples)) {}
};

struct Sums {
  int64_t kendall = 0, spearman = 0;
  std::vector<uint64_t> both;
};

/// A group of pairs whose resamples are drawn together.
class Group {
 public:
  Group(std::span<const Places> orders, std::span<const Levels> levels,
        std::span<const std::pair<size_t, size_t>> pairs, const AgreementOptions& options)
      : levels_(levels), pairs_(pairs), options_(options), num_bits_(orders[0].size()), work_(pairs.size()) {
    parallel_tasks(options.num_threads, static_cast<int64_t>(pairs.size()), [&](int64_t task, size_t) {
      auto [a, b] = pairs[static_cast<size_t>(task)];
      work_[static_cast<size_t>(task)] = prepare(orders[a], orders[b], levels[a], levels[b]);
    });
    resampled_.assign(pairs.size(), Resampled(options.tops.size(), static_cast<size_t>(options.resamples)));
  }

  void run(const Bootstrap& bootstrap) {
    parallel_tasks(options_.num_threads, options_.resamples,
                   [&](int64_t resample, size_t) { run_resample(bootstrap, static_cast<size_t>(resample)); });
  }

  OrderAgreement agreement(size_t pair, std::span<const uint64_t> shared) const {
    OrderAgreement agreement;
    const Resampled& resampled = resampled_[pair];
    agreement.kendall = estimate_of(work_[pair].tau, resampled.kendall, -1, 1);
    agreement.spearman = estimate_of(work_[pair].rho, resampled.spearman, -1, 1);
    for (size_t t = 0; t < options_.tops.size(); ++t) {
      auto top = static_cast<double>(options_.tops[t]), both = static_cast<double>(shared[t]);
      TopAgreement figures;
      figures.top = options_.tops[t];
      figures.jaccard = estimate_of(top > 0 ? both / (2 * top - both) : 1, resampled.jaccard[t], 0, 1);
      figures.overlap = estimate_of(top > 0 ? both / top : 1, resampled.overlap[t], 0, 1);
      agreement.tops.push_back(figures);
    }
    return agreement;
  }

 private:
  void run_resample(const Bootstrap& bootstrap, size_t resample) {
    size_t num_tops = options_.tops.size();
    std::vector<Sums> sums(pairs_.size(), Sums{0, 0, std::vector<uint64_t>(num_tops)});
    std::vector<std::vector<uint64_t>> firsts(levels_.size(), std::vector<uint64_t>(num_tops));
    uint64_t total = 0;
    std::vector<uint8_t> counts(kBlock);
    std::vector<int16_t> wide(kBlock);
    for (size_t begin = 0; begin < num_bits_; begin += kBlock) {
      size_t size = std::min(kBlock, num_bits_ - begin);
      bootstrap.draw(resample, begin, counts);
      std::copy(counts.begin(), counts.end(), wide.begin());
      total += std::accumulate(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(size), 0u);
      for (size_t p = 0; p < pairs_.size(); ++p) {
        sums[p].kendall += dot(wide.data(), work_[p].kendall.number.data() + begin, size);
        sums[p].spearman += dot(wide.data(), work_[p].spearman.number.data() + begin, size);
        for (size_t t = 0; t < num_tops; ++t)
          sums[p].both[t] +=
              sum_up_to(counts.data(), work_[p].both.data() + begin, static_cast<uint8_t>(t), size);
      }
      for (size_t order = 0; order < levels_.size(); ++order)
        for (size_t t = 0; t < num_tops; ++t)
          firsts[order][t] +=
              sum_up_to(counts.data(), levels_[order].data() + begin, static_cast<uint8_t>(t), size);
    }
    for (size_t p = 0; p < pairs_.size(); ++p) store(p, resample, sums[p], firsts, total);
  }

  void store(size_t p, size_t resample, const Sums& sums, const std::vector<std::vector<uint64_t>>& firsts,
             uint64_t total) {
    Resampled& into = resampled_[p];
    double count = std::max<double>(static_cast<double>(total), 1);
    const PairAtWork& pair = work_[p];
    into.kendall[resample] = pair.tau + static_cast<double>(sums.kendall) * pair.kendall.step / count;
    into.spearman[resample] = pair.rho + static_cast<double>(sums.spearman) * pair.spearman.step / count;
    for (size_t t = 0; t < options_.tops.size(); ++t) {
      auto both = static_cast<double>(sums.both[t]);
      double sizes = static_cast<double>(firsts[pairs_[p].first][t] + firsts[pairs_[p].second][t]);
      into.jaccard[t][resample] = sizes > 0 ? both / (sizes - both) : 1;
      into.overlap[t][resample] = sizes > 0 ? 2 * both / sizes : 1;
    }
  }

  std::span<const Levels> levels_;
  std::span<const std::pair<size_t, size_t>> pairs_;
  const AgreementOptions& options_;
  size_t num_bits_;
  std::vector<PairAtWork> work_;
  std::vector<Resampled> resampled_;
};

}  // namespace

double kendall_tau(Places a, Places b) { return tau_from(pair_surplus(a, b)); }

double spearman_rho(Places a, Places b) {
  if (a.size() < 2) return 1;
  __int128 squares = 0;
  for (size_t bit = 0; bit < a.size(); ++bit) {
    int64_t apart = int64_t{a[bit]} - int64_t{b[bit]};
    squares += static_cast<__int128>(apart) * apart;
  }
  auto n = static_cast<double>(a.size());
  return 1 - 6 * static_cast<double>(squares) / (n * (n * n - 1));
}

std::vector<uint64_t> shared_in_tops(Places a, Places b, std::span<const uint64_t> tops) {
  std::vector<uint64_t> shared(tops.size() + 1);
  for (size_t bit = 0; bit < a.size(); ++bit) {
    uint32_t later = std::max(a[bit], b[bit]);
    ++shared[static_cast<size_t>(std::upper_bound(tops.begin(), tops.end(), later) - tops.begin())];
  }
  for (size_t t = 1; t < tops.size(); ++t) shared[t] += shared[t - 1];
  shared.pop_back();
  return shared;
}

std::vector<OrderAgreement> compare_orders(std::span<const Places> orders,
                                           std::span<const std::pair<size_t, size_t>> pairs,
                                           const AgreementOptions& options) {
  std::vector<OrderAgreement> all;
  if (pairs.empty()) return all;
  std::vector<Levels> levels;
  for (Places places : orders) levels.push_back(levels_of(places, options.tops));
  Bootstrap bootstrap(options.seed);
  size_t at_once = std::max<size_t>(1, kPairMemory / (kPairBytes * std::max<size_t>(orders[0].size(), 1)));
  for (size_t begin = 0; begin < pairs.size(); begin += at_once) {
    auto members = pairs.subspan(begin, std::min(at_once, pairs.size() - begin));
    Group group(orders, levels, members, options);
    group.run(bootstrap);
    for (size_t p = 0; p < members.size(); ++p) {
      auto [a, b] = members[p];
      all.push_back(group.agreement(p, shared_in_tops(orders[a], orders[b], options.tops)));
    }
  }
  return all;
}

}  // namespace netsurf
