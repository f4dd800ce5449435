#include "tests/comparison/random_graphs.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/base/error.h"
#include "engine/faults/trial.h"
#include "tests/reference/naive_bound.h"
#include "tests/reference/naive_faults.h"
#include "tests/reference/naive_sampler.h"
#include "tests/reference/naive_score.h"
#include "tests/support/random_model.h"

namespace netsurf::naive {
namespace {

using testing::Random;

std::string number(int64_t value) { return std::to_string(value); }

std::string outcome_text(const TrialOutcome& o) {
  return "{trial " + std::to_string(o.trial) + ", flips " + number(o.flips) + ", correct " +
         number(o.correct) + ", changed " + number(o.changed) + ", distance " + number(o.distance) +
         ", loss " + number(o.loss) + "}";
}

std::string layer_text(const Model& model, size_t layer) {
  return "layer " + std::to_string(layer) + " (" + std::string(name_of(model.layers()[layer].kind)) + ")";
}

using Attributes = std::vector<std::pair<std::string, bool>>;

/// What the arithmetic of a layer can depend on beside its kind, and whether this layer has it.
Attributes attributes_of(const Model& model, size_t index) {
  const Layer& layer = model.layers()[index];
  bool is_input = layer.kind == LayerKind::input, is_activation = layer.kind == LayerKind::activation;
  bool is_output = static_cast<int>(index) == model.output();
  bool is_transposed = layer.kind == LayerKind::conv2d_transpose;
  bool has_range = layer.low != 0 || layer.high != 0;
  Attributes all = {
      {"input-range", is_input && has_range},
      {"input-unit", is_input && layer.unit != 1.0f},
      {"output-unit", !is_input && is_output && layer.unit != 1.0f},
      {"softmax-unit", layer.kind == LayerKind::softmax && layer.unit != 1.0f},
      {"activation-range", is_activation && has_range},
      {"wraps", layer.wraps},
      {"slope-of-0", layer.function == ActivationFunction::leaky_relu && layer.slope == 0},
      {"slope-above-1", layer.slope > int64_t{1} << layer.slope_shift},
      {"output-padding", is_transposed && (layer.window.pad_bottom < 0 || layer.window.pad_right < 0)},
      {"cut-padding", is_transposed && (layer.window.pad_top > 0 || layer.window.pad_left > 0)},
  };
  if (layer.kind == LayerKind::threshold) {
    const Parameter& rows = model.parameters()[static_cast<size_t>(layer.thresholds)];
    int channels = model.type(static_cast<int>(index)).shape.back();
    bool is_sorted = true;
    for (auto row = rows.codes.begin(); row != rows.codes.end(); row += rows.shape[1])
      is_sorted = is_sorted && std::is_sorted(row, row + rows.shape[1]);
    all.emplace_back("shared-row", rows.shape[0] == 1 && channels > 1);
    all.emplace_back("rows-per-channel", rows.shape[0] > 1);
    all.emplace_back("unsorted-thresholds", !is_sorted);
    all.emplace_back("threshold-step", layer.high - layer.low > rows.shape[1]);
  }
  for (size_t i = 0; i < core::kRoundingNames.size(); ++i) {
    bool rounds_so = is_activation && static_cast<size_t>(layer.rounding) == i;
    all.emplace_back(core::kRoundingNames[i], rounds_so);
  }
  return all;
}

Attributes attributes_of(const Parameter& parameter) {
  bool has_zero_point = parameter.zero_point != 0;
  bool is_outside = parameter.zero_point < parameter.format.min_code() ||
                    parameter.zero_point > parameter.format.max_code();
  return {{"zero-point", has_zero_point},
          {"zero-point-outside", is_outside},
          {"bipolar", parameter.bipolar},
          {"constant", parameter.constant},
          {"pruned-at-zero-point", has_zero_point && !parameter.pruned.empty()}};
}

/// One drawn network with its data, and the reference's view of both.
class Graph {
 public:
  Graph(Random& random, Plant plant, Tally& tally)
      : random_(random),
        plant_(plant),
        model_(testing::random_model(random, tally.refused)),
        set_(testing::random_evaluation_set(model_, random, random.pick(1, 4))),
        pruned_(random.chance(25) ? BitSpace::Pruned::stored : BitSpace::Pruned::absent),
        bits_(list_bits(model_, pruned_ == BitSpace::Pruned::stored, plant)),
        clean_(scored_of({})) {
    note(tally);
  }

  const Model& model() const { return model_; }
  const EvaluationSet& set() const { return set_; }
  BitSpace::Pruned pruned() const { return pruned_; }
  uint64_t num_bits() const { return bits_.size(); }
  std::string space_digest() const { return bit_space_digest(model_, pruned_ == BitSpace::Pruned::stored); }

  std::string check_bounds() const {
    for (size_t i = 0; i < model_.layers().size(); ++i) {
      std::optional<Wide> bound = bound_of(model_, model_.layers()[i]);
      if (bound_before_rounding(model_, model_.layers()[i]) > Wide{1} << 62)
        return layer_text(model_, i) + " passes 2^62 before it rounds; ";
      if (bound && *bound != model_.type(static_cast<int>(i)).bound)
        return layer_text(model_, i) + " has the bound " + number(model_.type(static_cast<int>(i)).bound) +
               ", expected " + number(static_cast<int64_t>(*bound)) + "; ";
    }
    return "";
  }

  std::string check_bit_space() const {
    BitSpace space(model_, pruned_);
    if (space.digest() != space_digest()) return "the BitSpace has another digest";
    if (space.size() != num_bits()) {
      return "BitSpace has " + std::to_string(space.size()) + " bits, expected " + std::to_string(num_bits());
    }
    for (BitId id = 0; id < num_bits(); ++id) {
      if (space.address(id) != bits_[id] || space.id(bits_[id]) != id) {
        return "BitSpace places bit " + std::to_string(id) + " elsewhere";
      }
    }
    return "";
  }

  TrialOutcome outcome(uint64_t trial, const std::vector<BitId>& flips, bool with_loss) {
    TrialOutcome outcome = score(set_, scored_of(flips), clean_, with_loss, plant_);
    outcome.trial = trial;
    outcome.flips = static_cast<int64_t>(flips.size());
    return outcome;
  }

  TrialPlan draw_plan(int number);

  /// The first way in which inferred types did not hold for the tensors seen so far.
  const std::string& type_difference() const { return type_difference_; }

 private:
  void note(Tally& tally) const {
    ++tally.graphs;
    tally.kinds.see(model_);
    std::set<int> used;
    for (size_t i = 0; i < model_.layers().size(); ++i) {
      const Layer& layer = model_.layers()[i];
      tally.wide_layers += model_.type(static_cast<int>(i)).needs_64_bits() ? 1 : 0;
      for (int each : {layer.kernel, layer.bias, layer.scale, layer.shift, layer.thresholds}) {
        if (each >= 0 && !used.insert(each).second) ++tally.shared;
      }
      for (const auto& [name, has_it] : attributes_of(model_, i)) tally.attributes[name] += has_it ? 1 : 0;
    }
    for (const Parameter& each : model_.parameters()) {
      tally.pruned += std::count(each.pruned.begin(), each.pruned.end(), 1);
      for (const auto& [name, has_it] : attributes_of(each)) tally.attributes[name] += has_it ? 1 : 0;
    }
  }

  void check_types(const std::vector<Tensor>& tensors) {
    for (size_t i = 0; i < tensors.size() && type_difference_.empty(); ++i) {
      const TensorType& type = model_.type(static_cast<int>(i));
      if (type.shape != tensors[i].shape) type_difference_ = layer_text(model_, i) + " has another shape";
      if (type.frac_bits != tensors[i].frac_bits)
        type_difference_ = layer_text(model_, i) + " has other fraction bits";
      for (Wide code : tensors[i].codes) {
        if (code < type.low || code > type.high || code > type.bound || code < -Wide{type.bound}) {
          type_difference_ = layer_text(model_, i) + " leaves its range";
        }
      }
    }
  }

  std::vector<Tensor> scored_of(const std::vector<BitId>& flips) {
    std::vector<std::vector<int32_t>> parameters = faulty_parameters(model_, bits_, flips);
    std::vector<Tensor> outputs;
    for (int64_t i = 0; i < set_.count; ++i) {
      std::span<const int32_t> sample(set_.codes.data() + i * set_.sample_size,
                                      static_cast<size_t>(set_.sample_size));
      std::vector<Tensor> tensors = infer(model_, parameters, sample, plant_);
      if (plant_ == Plant::none) check_types(tensors);
      outputs.push_back(scored(tensors));
    }
    return outputs;
  }

  std::vector<BitId> draw_list();

  Random& random_;
  Plant plant_;
  std::string type_difference_;
  Model model_;
  EvaluationSet set_;
  BitSpace::Pruned pruned_;
  std::vector<BitAddress> bits_;
  std::vector<Tensor> clean_;
};

std::vector<BitId> Graph::draw_list() {
  std::vector<BitId> list;
  int style = random_.pick(0, 4);
  for (BitId id = 0; id < num_bits(); ++id) {
    bool is_chosen = style == 0 || (style == 1 && random_.chance(3)) || (style == 2 && random_.chance(40));
    if (is_chosen) list.push_back(id);
  }
  if (style == 3 && num_bits() > 0) list.push_back(static_cast<BitId>(random_.bits() % num_bits()));
  return list;
}

TrialPlan Graph::draw_plan(int number) {
  TrialPlan plan;
  plan.with_loss = random_.chance(80);
  plan.faults.seed = random_.bits();
  auto rate = [](const std::string& text) { return UnitDecimal::parse(text, "BER"); };
  if (number == 0) {
    plan.faults.model = FaultModel::list;
    FaultTable table;
    for (int i = random_.pick(2, 5); i > 0; --i) table.trials.push_back(draw_list());
    table.digest = std::to_string(random_.bits());
    plan.end = table.trials.size();
    plan.faults.table = std::make_shared<const FaultTable>(std::move(table));
  } else {
    const std::vector<std::string> rates = {"0",    "1",   "0.0001", "0.001", "0.01",
                                            "0.03", "0.1", "0.25",   "0.5",   "0.987"};
    plan.faults.bit_error_rate = rate(random_.of(rates));
    plan.begin = random_.chance(30) ? random_.bits() >> 16 : static_cast<uint64_t>(random_.pick(0, 5));
    plan.end = plan.begin + static_cast<uint64_t>(random_.pick(1, 4));
  }
  if (number == 2) {
    const std::vector<std::string> low_rates = {"0.003", "0.02", "0.1"};
    plan.faults.bit_error_rate = rate(random_.of(low_rates));
    plan.faults.design = Design::rotation;
  }
  if (number == 3) plan.faults.model = FaultModel::exact;
  if (num_bits() > 0 && random_.chance(60)) {
    const std::vector<std::string> fractions = {"0", "0.1", "0.25", "0.5", "0.9", "1"};
    plan.protection.fraction = UnitDecimal::parse(random_.of(fractions), "protection");
    std::vector<uint32_t> rank(num_bits());
    std::iota(rank.begin(), rank.end(), 0u);
    for (size_t i = rank.size(); i > 1; --i) std::swap(rank[i - 1], rank[random_.bits() % i]);
    plan.protection.rank = std::make_shared<const std::vector<uint32_t>>(std::move(rank));
  }
  return plan;
}

}  // namespace

std::string Tally::text() const {
  return number(graphs) + " graphs, " + number(refused) + " redrawn as too wide, " + number(trials) +
         " trials, " + number(flips) + " flips, " + number(changed) + " changed predictions, " +
         number(wide_layers) + " int64 layers, " + number(shared) + " shared uses, " + number(pruned) +
         " pruned elements";
}

std::string Tally::missing() const {
  std::string names = kinds.missing();
  for (const auto& [name, count] : attributes) {
    if (count == 0) names += name + " ";
  }
  return names;
}

std::string compare_graph(Backend& backend, uint64_t seed, int64_t graph, Plant plant, Tally& tally) {
  Random random(seed + static_cast<uint64_t>(graph) * 0x9E3779B97F4A7C15u);
  Graph drawn(random, plant, tally);
  std::string difference = drawn.check_bounds() + drawn.check_bit_space();
  if (!difference.empty()) return difference;
  SessionOptions options;
  options.num_threads = random.pick(1, 2);
  options.max_batch = static_cast<uint64_t>(random.of(std::vector<int>{1, 2, 1000}));
  std::unique_ptr<Session> session =
      backend.open(drawn.model(), drawn.set(), BitSpace(drawn.model(), drawn.pruned()), options);
  const std::string digest = drawn.space_digest();
  for (int number_of_plan = 0; number_of_plan < 4; ++number_of_plan) {
    TrialPlan plan = drawn.draw_plan(number_of_plan);
    std::vector<TrialOutcome> outcomes = session->run(plan);
    if (outcomes.size() != plan.end - plan.begin)
      return "plan " + number(number_of_plan) + " has other trials";
    NaiveSampler sampler(digest, drawn.num_bits(), plan.faults, plan.protection);
    for (uint64_t trial = plan.begin; trial < plan.end; ++trial) {
      const TrialOutcome& found = outcomes[trial - plan.begin];
      TrialOutcome expected = drawn.outcome(trial, sampler.flips(trial), plan.with_loss);
      if (!(found == expected)) {
        return "plan " + number(number_of_plan) + ": found " + outcome_text(found) + ", expected " +
               outcome_text(expected);
      }
      ++tally.trials;
      tally.flips += expected.flips;
      tally.changed += expected.changed;
    }
  }
  if (!(session->clean() == drawn.outcome(session->clean().trial, {}, session->clean().loss != kNoCount))) {
    return "clean: found " + outcome_text(session->clean());
  }
  return drawn.type_difference();
}

std::string compare_graphs(Backend& backend, uint64_t seed, int64_t graphs, Plant plant, Tally& tally) {
  for (int64_t graph = 0; graph < graphs; ++graph) {
    std::string difference;
    try {
      difference = compare_graph(backend, seed, graph, plant, tally);
    } catch (const InputError& error) {
      difference = std::string("refused: ") + error.what();
    }
    if (!difference.empty())
      return "NETSURF_TEST_SEED=" + std::to_string(seed) + " graph " + number(graph) + ": " + difference;
  }
  return "";
}

}  // namespace netsurf::naive
