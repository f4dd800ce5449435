// The original's `aiber`: learns, for every bit, a probability of flipping that moves the outputs as far as
// possible while few bits flip, and freezes the strongest bits after each epoch; their order is the ranking.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "engine/gradient/float_twin.h"
#include "engine/rank/flip_table.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

using Kind = RankerOption::Kind;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// One number per bit that Adam (Kingma, Ba 2015) raises along a gradient.
class AdamAscent {
 public:
  AdamAscent(size_t size, double start, double rate)
      : value_(size, start), mean_(size), square_(size), rate_(rate) {}

  void begin_step() {
    ++steps_;
    mean_share_ = 1 - std::pow(kFirst, steps_);
    square_share_ = 1 - std::pow(kSecond, steps_);
  }
  void raise(size_t i, double gradient) {
    mean_[i] = kFirst * mean_[i] + (1 - kFirst) * gradient;
    square_[i] = kSecond * square_[i] + (1 - kSecond) * gradient * gradient;
    value_[i] += rate_ * (mean_[i] / mean_share_) / (std::sqrt(square_[i] / square_share_) + 1e-7);
  }
  double value(size_t i) const { return value_[i]; }

 private:
  static constexpr double kFirst = 0.9, kSecond = 0.999;
  std::vector<double> value_, mean_, square_;
  double rate_;
  int steps_ = 0;
  double mean_share_ = 0, square_share_ = 0;  // of what an unending run would give, after these steps
};

/// The samples without their answers: what is measured is how far outputs leave the clean ones.
EvaluationSet without_answers(const EvaluationSet& set, int64_t count) {
  EvaluationSet part;
  part.task = Task::comparison;
  part.count = std::min(set.count, count);
  part.sample_size = set.sample_size;
  part.codes.assign(set.codes.begin(), set.codes.begin() + part.count * part.sample_size);
  return part;
}

}  // namespace

const std::array<RankerOption, 6> kAiberOptions = {{
    {"epochs", Kind::integer, "10", 1, 10000, "", "epochs; after each the strongest bits are frozen"},
    {"steps", Kind::integer, "10", 1, 10000, "", "steps of Adam in an epoch"},
    {"aiber_samples", Kind::integer, "100", 1, 1 << 30, "", "samples that the outputs are compared on"},
    {"learning_rate", Kind::real, "0.01", 1e-9, 1e3, "", "step size of Adam"},
    {"lambda", Kind::real, "0.01", 0, 1e9, "", "price of a flip"},
    {"freeze", Kind::real, "0.05", 1e-6, 1, "", "share of the bits left that an epoch freezes"},
}};

RankedBits rank_aiber(const RankRequest& request) {
  const RankerSettings& settings = request.settings;
  FlipTable flips = flip_table(request.model, request.space);
  size_t bits = flips.step.size();
  EvaluationSet samples = without_answers(*request.data, settings.integer("aiber_samples"));
  std::unique_ptr<FloatTwin> twin =
      make_float_twin(request.model, request.space, samples, {.num_threads = request.num_threads});
  constexpr double kStart = -4;
  AdamAscent logits(bits, kStart, settings.real("learning_rate"));
  double price = settings.real("lambda");
  int64_t epochs = settings.integer("epochs"), steps = settings.integer("steps");

  std::vector<BitId> left(bits), order;
  std::iota(left.begin(), left.end(), BitId{0});
  std::vector<double> score(bits), displacement(static_cast<size_t>(flips.num_elements));
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    for (int64_t i = 0; i < steps; ++i) {
      check_stop(request);
      std::fill(displacement.begin(), displacement.end(), 0.0);
      for (BitId id : left) displacement[flips.element[id]] += flips.step[id] * sigmoid(logits.value(id));
      std::vector<double> gradient = twin->gradients_at(displacement);
      logits.begin_step();
      for (BitId id : left) {
        double p = sigmoid(logits.value(id));
        logits.raise(id, (gradient[flips.element[id]] * flips.step[id] - price) * p * (1 - p));
      }
      if (request.progress)
        request.progress(static_cast<double>(epoch * steps + i + 1) / static_cast<double>(epochs * steps),
                         "steps");
    }
    std::stable_sort(left.begin(), left.end(),
                     [&](BitId a, BitId b) { return logits.value(a) > logits.value(b); });
    bool is_last = epoch + 1 == epochs;
    auto frozen =
        is_last ? left.size()
                : static_cast<size_t>(std::ceil(settings.real("freeze") * static_cast<double>(left.size())));
    order.insert(order.end(), left.begin(), left.begin() + static_cast<int64_t>(frozen));
    left.erase(left.begin(), left.begin() + static_cast<int64_t>(frozen));
    std::sort(left.begin(), left.end());
  }
  // The place decides, so that both order modes have a score to sort by.
  for (size_t place = 0; place < order.size(); ++place)
    score[order[place]] = static_cast<double>(order.size() - place);
  return order_bits(request, std::move(score), request.order);
}

}  // namespace netsurf
