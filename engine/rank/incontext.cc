// The in-context ranking: bits are chosen a few at a time, by what their flips do to the loss of copies of
// the network that are already faulty, at the bit error rate they will live with, while the bits chosen so
// far stay intact. Curvature is remembered from round to round, beginning with that of the clean network;
// first-order terms count only as far as they stand out of their own noise.
#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/faults/sampler.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {
namespace {

using Kind = RankerOption::Kind;

/// Sums over faulty copies of what one pass at each of them says.
class CopySums {
 public:
  explicit CopySums(size_t elements)
      : gradient_(elements), gradient_squares_(elements), squared_(elements), curvature_(elements) {}

  void add(const GradientMoments& moments, int64_t samples) {
    ++copies_;
    samples_ += samples;
    for (size_t i = 0; i < gradient_.size(); ++i) {
      double g = moments.gradient[i];
      gradient_[i] += g;
      gradient_squares_[i] += g * g;
      squared_[i] += moments.squared_gradient[i];
      curvature_[i] += moments.curvature[i];
    }
  }

  /// The mean gradient, shrunk by `kappa` times its own error: g max(0, 1 - kappa error^2 / g^2).
  double shrunk_gradient(size_t i, double kappa) const {
    double count = static_cast<double>(copies_);
    double g = gradient_[i] / count;
    double over_samples = std::max(squared_[i] / count - g * g, 0.0) / static_cast<double>(samples_);
    double over_copies = std::max(gradient_squares_[i] / count - g * g, 0.0) / count;
    double noise = kappa * (over_samples + over_copies);
    return g * g > noise ? g - noise / g : 0;
  }
  double curvature(size_t i) const { return curvature_[i] / static_cast<double>(copies_); }

 private:
  int64_t copies_ = 0, samples_ = 0;
  std::vector<double> gradient_, gradient_squares_, squared_, curvature_;
};

FaultSpec faults_at(const UnitDecimal& rate, uint64_t seed) {
  FaultSpec faults;
  faults.bit_error_rate = rate;
  faults.seed = seed;
  return faults;
}

/// Draws faulty copies of a network in which chosen bits stay as they are.
class CopySource {
 public:
  CopySource(const RankRequest& request, const UnitDecimal& rate)
      : model_(request.model),
        space_(request.space),
        sampler_(request.space, faults_at(rate, request.seed), Protection{}),
        clean_(PlainNetwork(request.model).clean_parameters()) {}

  ParameterOperands draw(uint64_t number, const std::vector<uint8_t>& is_chosen) {
    ParameterOperands operands = clean_;
    FaultBatch batch = sampler_.sample(number, number + 1);
    for (BitId id : batch.flips(number)) {
      if (is_chosen[id] != 0) continue;
      BitAddress address = space_.address(id);
      auto parameter = static_cast<size_t>(address.parameter);
      int32_t& operand = operands[parameter][static_cast<size_t>(address.element)];
      operand = core::flip_operand(operand, address.bit, model_.parameters()[parameter].storage());
    }
    return operands;
  }

 private:
  const Model& model_;
  const BitSpace& space_;
  FaultSampler sampler_;
  ParameterOperands clean_;
};

/// The next samples, going round the set.
class SampleSlices {
 public:
  SampleSlices(int64_t count, int64_t size) : count_(count), size_(std::min(count, size)) {}

  /// [begin, end) of the next slice.
  std::pair<int64_t, int64_t> next() {
    if (begin_ + size_ > count_) begin_ = 0;
    begin_ += size_;
    return {begin_ - size_, begin_};
  }

 private:
  int64_t count_, size_, begin_ = 0;
};

/// Up to this many outputs `curvature=auto` takes a backward pass for each. Drawn labels cost one pass, and a
/// little of what the ranking saves (docs/league.md).
constexpr int64_t kMostExactOutputs = 16;

CurvatureSeeds seeds_of(const RankRequest& request) {
  std::string_view word = request.settings.word("curvature");
  if (word == "exact") return CurvatureSeeds::exact;
  if (word == "sampled") return CurvatureSeeds::sampled;
  const int64_t outputs = request.model.type(request.model.scored_layer()).elements();
  return outputs <= kMostExactOutputs ? CurvatureSeeds::exact : CurvatureSeeds::sampled;
}

/// Makes the faulty copies of each round and adds up what they say.
class FaultyCopies {
 public:
  FaultyCopies(const RankRequest& request, size_t elements)
      : request_(request),
        elements_(elements),
        twin_(twin_of(request)),
        slices_(request.data->count, request.settings.integer("context_samples")),
        per_round_(static_cast<uint64_t>(request.settings.integer("contexts"))) {
    for (const std::string& rate : split(request.settings.word("ber"), "+"))
      sources_.emplace_back(request, UnitDecimal::parse(rate, "ber"));
    if (sources_.empty())
      throw InputError("incontext needs a bit error rate, such as ber=0.01, or several: ber=0.01+0.1");
    wanted_.squares = true;
    wanted_.curvature = seeds_of(request);
  }

  /// The next of `num_rounds` rounds: the copies keep the chosen bits intact.
  CopySums measure(const std::vector<uint8_t>& is_chosen, size_t num_rounds) {
    CopySums sums(elements_);
    for (uint64_t i = 0; i < per_round_; ++i) {
      check_stop(request_);
      uint64_t number = drawn_++;
      twin_->freeze_at(sources_[number % sources_.size()].draw(number, is_chosen));
      std::tie(wanted_.begin, wanted_.end) = slices_.next();
      wanted_.seed = number;
      sums.add(twin_->moments(wanted_), wanted_.end - wanted_.begin);
      if (request_.progress)
        request_.progress(static_cast<double>(number + 1) / static_cast<double>(num_rounds * per_round_),
                          "faulty copies");
    }
    return sums;
  }

 private:
  const RankRequest& request_;
  size_t elements_;
  std::unique_ptr<FloatTwin> twin_;
  SampleSlices slices_;
  uint64_t per_round_, drawn_ = 0;
  std::vector<CopySource> sources_;
  MomentsRequest wanted_;
};

}  // namespace

const std::array<RankerOption, 9> kIncontextOptions = {{
    {"ber", Kind::word, "0.01", 0, 0, "",
     "bit error rate of the faulty copies, or several to take in turns: 0.01+0.1 reaches further past the "
     "kinks near the clean network"},
    {"contexts", Kind::integer, "48", 1, 100000, "", "faulty copies per round"},
    {"context_samples", Kind::integer, "256", 1, 1 << 30, "", "samples that each copy sees"},
    {"chunk", Kind::real, "0.02", 1e-4, 1, "", "share of the bits chosen in a round"},
    {"until", Kind::real, "0.4", 0, 1, "",
     "share of the bits chosen in rounds; the last round's scores order the rest"},
    {"memory", Kind::real, "0.7", 0, 1, "",
     "share of the curvature known before that a round keeps, the clean network's at first; 0: each round's "
     "own"},
    {"kappa", Kind::real, "1e12", 0, 1e12, "",
     "squared standard errors that a gradient loses before it counts; 1e12: curvature alone"},
    {"curvature", Kind::word, "auto", 0, 0, "auto sampled exact",
     "seeds of the Gauss-Newton diagonal; auto: exact with at most 16 outputs"},
    kPrecision,
}};

RankedBits rank_incontext(const RankRequest& request) {
  const RankerSettings& settings = request.settings;
  FlipTable flips = flip_table(request.model, request.space);
  size_t bits = flips.step.size();
  FaultyCopies copies(request, static_cast<size_t>(flips.num_elements));
  double share = static_cast<double>(bits), kappa = settings.real("kappa");
  auto chunk = static_cast<size_t>(std::max(1.0, std::floor(settings.real("chunk") * share)));
  auto until = static_cast<size_t>(std::floor(settings.real("until") * share));
  double memory = settings.real("memory");
  const size_t choosing_rounds = until / chunk + 1, num_rounds = choosing_rounds + (memory > 0 ? 1 : 0);

  std::vector<double> curvature(static_cast<size_t>(flips.num_elements));
  if (memory > 0) {
    CopySums clean = copies.measure(std::vector<uint8_t>(bits, 1), num_rounds);
    for (size_t i = 0; i < curvature.size(); ++i) curvature[i] = clean.curvature(i);
  }
  std::vector<uint8_t> is_chosen(bits);
  std::vector<double> score(bits), round_score(bits);
  std::vector<BitId> order;
  for (size_t round = 0; round < choosing_rounds; ++round) {
    CopySums sums = copies.measure(is_chosen, num_rounds);
    for (size_t i = 0; i < curvature.size(); ++i)
      curvature[i] = memory * curvature[i] + (1 - memory) * sums.curvature(i);
    for (size_t id = 0; id < bits; ++id) {
      double d = flips.step[id];
      size_t element = flips.element[id];
      round_score[id] = sums.shrunk_gradient(element, kappa) * d + curvature[element] * d * d / 2;
    }
    RankedBits ranked = order_bits(request, round_score, request.order);
    size_t size = round + 1 == choosing_rounds ? bits : std::min(bits, order.size() + chunk);
    for (BitId id : ranked.order) {
      if (order.size() == size) break;
      if (is_chosen[id] != 0) continue;
      is_chosen[id] = 1;
      score[id] = ranked.score[id];
      order.push_back(id);
    }
  }
  return {std::move(order), std::move(score)};
}

}  // namespace netsurf
