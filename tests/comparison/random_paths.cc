#include "tests/comparison/random_paths.h"

#include <memory>

#include "engine/backend/backend.h"
#include "engine/backend/fusion.h"
#include "engine/base/error.h"
#include "kernels/cpu/packed.h"
#include "tests/support/random_model.h"

namespace netsurf::testing {
namespace {

constexpr int64_t kMaxBits = 100'000;  // all of them flip in some trials

Format draw_small_format(Random& random, bool is_signed) {
  int bits = random.chance(85) ? random.pick(is_signed ? 2 : 1, 8) : random.pick(9, 16);
  return {bits, random.pick(0, bits - (is_signed ? 1 : 0)), is_signed};
}

class ChainWriter {
 public:
  ChainWriter(Random& random, Affines affines) : random_(random), has_affines_(affines == Affines::some) {
    Layer input;
    input.format = draw_small_format(random, random.chance(40));
    shape_ = random.chance(60) ? Shape{random.pick(3, 9), random.pick(3, 9), random.of<int>({1, 1, 2, 3, 5})}
                               : Shape{random.pick(1, 70)};
    input.shape = shape_;
    layers_.push_back(input);
  }

  Model write() {
    int convolutions = shape_.size() == 3 ? random_.pick(1, 3) : 0;
    for (int i = 0; i < convolutions; ++i) {
      add_conv();
      maybe_pool(has_affines_ ? 35 : 55);
      if (maybe_affine()) maybe_pool(60);
      bool flattens_first = i + 1 == convolutions && random_.chance(20);
      if (flattens_first) add_flatten();
      if (random_.chance(90)) add_activation();
      if (!flattens_first) maybe_pool(has_affines_ ? 60 : 40);
      maybe_second_activation();
    }
    if (shape_.size() == 3) add_flatten();
    for (int i = random_.pick(1, 3); i > 0; --i) {
      add_dense(random_.pick(1, 21));
      bool becomes_image = i > 1 && random_.chance(15);
      if (becomes_image && random_.chance(50)) maybe_affine();
      if (becomes_image) add_reshape();
      maybe_affine();
      if (i > 1 || random_.chance(30)) add_activation();
      maybe_second_activation();
      if (becomes_image) {
        add_conv();
        add_flatten();
      }
    }
    return Model::build("chain", layers_, parameters_);
  }

 private:
  Layer& add(LayerKind kind) {
    Layer layer;
    layer.kind = kind;
    layer.inputs = {static_cast<int>(layers_.size()) - 1};
    layers_.push_back(layer);
    return layers_.back();
  }

  int add_parameter(Shape shape, bool is_kernel) {
    Parameter parameter;
    parameter.name = "p" + std::to_string(parameters_.size());
    parameter.shape = std::move(shape);
    parameter.format = draw_small_format(random_, true);
    if (is_kernel && random_.chance(8)) {
      parameter.format = {1, 1, false};
      parameter.bipolar = true;
    }
    if (is_kernel && !parameter.bipolar && random_.chance(10)) parameter.zero_point = random_.pick(-3, 3);
    for (int64_t i = num_elements(parameter.shape); i > 0; --i) {
      int64_t low = parameter.format.min_code(), high = parameter.format.max_code();
      int64_t code = random_.chance(30) ? (random_.chance(50) ? low : high) : random_.between(low, high);
      parameter.codes.push_back(static_cast<int32_t>(code));
    }
    parameters_.push_back(parameter);
    return static_cast<int>(parameters_.size()) - 1;
  }

  void add_conv() {
    Layer& layer = add(LayerKind::conv2d);
    Window& w = layer.window;
    w.height = random_.pick(1, std::min(3, shape_[0]));
    w.width = random_.pick(1, std::min(3, shape_[1]));
    w.stride_y = random_.chance(80) ? 1 : 2;
    w.stride_x = random_.chance(80) ? 1 : 2;
    if (random_.chance(15) && (w.width - 1) * 2 < shape_[1]) w.dilation_x = 2;
    if (random_.chance(15) && (w.height - 1) * 2 < shape_[0]) w.dilation_y = 2;
    if (random_.chance(40)) {
      w.pad_top = random_.pick(0, 1);
      w.pad_left = random_.pick(0, 2);
      w.pad_bottom = random_.pick(0, 2);
      w.pad_right = random_.pick(0, 1);
    }
    int outputs = random_.pick(1, 19);
    layer.kernel = add_parameter({outputs, w.height, w.width, shape_[2]}, true);
    if (random_.chance(70)) layer.bias = add_parameter({outputs}, false);
    shape_ = {w.out_height(shape_[0]), w.out_width(shape_[1]), outputs};
  }

  void maybe_pool(int percent) {
    if (!random_.chance(percent) || shape_[0] < 2 || shape_[1] < 2) return;
    Layer& layer = add(LayerKind::max_pool);
    Window& w = layer.window;
    w.height = w.stride_y = random_.pick(1, std::min(3, shape_[0]));
    w.width = w.stride_x = random_.pick(1, std::min(3, shape_[1]));
    if (random_.chance(15)) w.stride_x = 1;
    if (random_.chance(10)) w.pad_top = w.height - 1;
    if (random_.chance(10) && (w.width - 1) * 2 < shape_[1]) w.dilation_x = 2;
    shape_ = {w.out_height(shape_[0]), w.out_width(shape_[1]), shape_[2]};
  }

  bool maybe_affine() {
    if (!has_affines_ || !random_.chance(45)) return false;
    add_affine();
    return true;
  }

  void maybe_second_activation() {
    if (has_affines_ && random_.chance(30)) add_activation();
  }

  /// A batch norm of any operands, now and then with one tensor in two places.
  void add_affine() {
    int channels = shape_.back(), bias = layers_.back().bias;
    Layer& layer = add(LayerKind::affine);
    layer.scale = bias >= 0 && random_.chance(8) ? bias : add_parameter({channels}, true);
    if (random_.chance(10)) {  // wider than what else there is
      Parameter& scale = parameters_[static_cast<size_t>(layer.scale)];
      if (!scale.bipolar && layer.scale != bias) {
        scale.format.bits += 12;
        for (int32_t& code : scale.codes) code = random_.pick(-5000, 5000);
      }
    }
    if (random_.chance(80)) layer.shift = random_.chance(8) ? layer.scale : add_parameter({channels}, false);
  }

  void add_activation() {
    Layer& layer = add(LayerKind::activation);
    bool is_relu = random_.chance(65);
    layer.function =
        is_relu ? ActivationFunction::relu
                : random_.of<ActivationFunction>({ActivationFunction::linear, ActivationFunction::hard_tanh,
                                                  ActivationFunction::hard_sigmoid});
    layer.format = draw_small_format(random_, !is_relu && random_.chance(80));
    if (random_.chance(10)) layer.rounding = core::Rounding::floor;
  }

  void add_flatten() {
    add(LayerKind::flatten);
    shape_ = {static_cast<int>(num_elements(shape_))};
  }

  /// [n] becomes [h, w, c].
  void add_reshape() {
    int n = shape_[0], channels = random_.pick(1, n), height = random_.pick(1, n);
    if (n % channels != 0) channels = 1;
    if (n / channels % height != 0) height = 1;
    add(LayerKind::reshape).shape = {height, n / channels / height, channels};
    shape_ = layers_.back().shape;
  }

  void add_dense(int outputs) {
    Layer& layer = add(LayerKind::dense);
    layer.kernel = add_parameter({outputs, shape_[0]}, true);
    if (random_.chance(70)) layer.bias = add_parameter({outputs}, false);
    shape_ = {outputs};
  }

  Random& random_;
  bool has_affines_;
  Shape shape_;
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
};

TrialPlan draw_plan(Random& random, uint64_t num_bits) {
  TrialPlan plan;
  plan.with_loss = random.chance(60);
  plan.faults.seed = random.bits();
  plan.begin = static_cast<uint64_t>(random.pick(0, 5));
  plan.end = plan.begin + static_cast<uint64_t>(random.pick(1, 6));
  if (random.chance(30) && num_bits > 0) {  // single flips, as an oracle has them
    plan.faults.model = FaultModel::list;
    FaultTable table;
    for (int i = random.pick(1, 20); i > 0; --i)
      table.trials.push_back({static_cast<BitId>(random.bits() % num_bits)});
    table.digest = std::to_string(random.bits());
    plan.begin = 0;
    plan.end = table.trials.size();
    plan.faults.table = std::make_shared<const FaultTable>(std::move(table));
    return plan;
  }
  const std::vector<std::string> rates = {"0", "0.001", "0.005", "0.02", "0.1", "0.5", "1"};
  plan.faults.bit_error_rate = UnitDecimal::parse(random.of(rates), "BER");
  return plan;
}

std::vector<std::string> available_isas() {
  auto backend = make_cpu_backend();
  std::vector<std::string> names;
  for (int i = 0; i < cpu::kNumIsas; ++i) {
    auto isa = static_cast<cpu::Isa>(i);
    if (cpu::find_kernels(isa) != nullptr) names.emplace_back(cpu::name_of(isa));
  }
  return names;
}

Model draw_model(Random& random) {
  if (random.chance(50)) {
    for (;;) {
      try {
        return random_chain(random, Affines::some);
      } catch (const InputError&) {  // too wide: drawn again
      }
    }
  }
  for (;;) {
    int64_t refused = 0;
    Model model = random_model(random, refused);
    if (model.num_bits() <= kMaxBits) return model;
  }
}

void count_fusions(const Model& model, PathTally& tally) {
  PlainNetwork plain(model);
  for (const Fusion& fusion : find_fusions(plain)) {
    if (fusion.reader < 0) continue;
    tally.affines += fusion.affine >= 0 ? 1 : 0;
    tally.steps += fusion.step ? 1 : 0;
    tally.pooled_affines += fusion.pools_after_affine ? 1 : 0;
  }
}

std::string compare_network(Random& random, int max_samples, PathTally& tally) {
  Model model = draw_model(random);
  count_fusions(model, tally);
  EvaluationSet set = random_evaluation_set(model, random, random.pick(1, max_samples));
  auto backend = make_cpu_backend();
  SessionOptions options;
  options.path = Path::plain;
  std::unique_ptr<Session> plain = backend->open(model, set, BitSpace(model), options);
  std::vector<TrialPlan> plans;
  std::vector<std::vector<TrialOutcome>> expected;
  for (int i = 0; i < 3; ++i) {
    plans.push_back(draw_plan(random, plain->bit_space().size()));
    expected.push_back(plain->run(plans.back()));
  }
  ++tally.networks;
  for (const std::string& isa : available_isas()) {
    for (Path path : {Path::dense, Path::delta, Path::automatic}) {
      options.path = path;
      options.isa = isa;
      options.num_threads = random.pick(1, 2);
      options.cache_memory = random.chance(30) ? 0 : uint64_t{512} << 20;
      options.max_batch = static_cast<uint64_t>(random.of<int>({1, 3, 1000}));
      std::unique_ptr<Session> session = backend->open(model, set, BitSpace(model), options);
      ++tally.sessions;
      tally.paths.insert(session->path());
      std::string where = session->path() + ", " + std::to_string(set.count) + " samples, " +
                          std::to_string(options.num_threads) + " threads";
      if (!(session->clean() == plain->clean())) return where + ": clean outcome differs";
      for (size_t i = 0; i < plans.size(); ++i) {
        std::vector<TrialOutcome> found = session->run(plans[i]);
        for (size_t t = 0; t < found.size(); ++t) {
          if (!(found[t] == expected[i][t])) {
            return where + ", plan " + std::to_string(i) + ", trial " + std::to_string(t) + " with " +
                   std::to_string(found[t].flips) + " flips differs";
          }
          ++tally.trials;
          tally.flips += found[t].flips;
          tally.changed += found[t].changed;
        }
      }
    }
  }
  return "";
}

}  // namespace

Model random_chain(Random& random, Affines affines) { return ChainWriter(random, affines).write(); }

std::string compare_paths(uint64_t seed, int64_t networks, int max_samples, PathTally& tally) {
  for (int64_t network = 0; network < networks; ++network) {
    Random random(seed + static_cast<uint64_t>(network) * 0x9E3779B97F4A7C15u);
    std::string difference = compare_network(random, max_samples, tally);
    if (!difference.empty())
      return "NETSURF_TEST_SEED=" + std::to_string(seed) + " network " + std::to_string(network) + ": " +
             difference;
  }
  return "";
}

}  // namespace netsurf::testing
