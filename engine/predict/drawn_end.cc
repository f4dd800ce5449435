#include "engine/predict/drawn_end.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/backend/parallel.h"
#include "engine/base/digest.h"
#include "engine/gradient/random_block.h"
#include "kernels/core/fixed.h"
#include "kernels/core/philox.h"
#include "kernels/cpu/tile.h"

namespace netsurf {
namespace {

constexpr int64_t kTile = cpu::kTile;
constexpr int64_t kMaxCopies = 4096;
constexpr int64_t kMinPairs = 32;
constexpr int64_t kMaxDrawnBits = int64_t{1} << 27;  // bits x copies
constexpr int64_t kMaxNormals = int64_t{1} << 23;
constexpr int64_t kMaxSize = 4096;                                  // of the layer that the end starts from
constexpr int64_t kMaxMacs = (int64_t{1} << 20) / (2 * kMinPairs);  // of the end, for one sample

/// Pairs of normal draws for one sample: many samples share the work.
int64_t num_pairs(int64_t samples) { return std::clamp<int64_t>((1 << 16) / samples, kMinPairs, 1024); }

int64_t macs_of(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  if (layer.kernel < 0) return layer.inputs.empty() ? 0 : model.type(index).elements();
  const Shape& kernel = model.parameters()[static_cast<size_t>(layer.kernel)].shape;
  const int64_t places = model.type(index).elements() / model.type(index).shape.back();
  return places * num_elements(kernel);
}

/// Whether layers after `start`, as far as the scored one, read nothing before it.
bool cuts(const Model& model, int start) {
  for (int i = start + 1; i <= model.scored_layer(); ++i) {
    for (int input : model.layers()[static_cast<size_t>(i)].inputs) {
      if (input < start) return false;
    }
  }
  return true;
}

class DrawnEnd final : public OutcomeRule {
 public:
  DrawnEnd(const PlainNetwork& network, const BitSpace& space, const EvaluationSet& set,
           std::span<const double> rates, int num_threads)
      : network_(network),
        space_(space),
        set_(set),
        start_(start_of_end(network.model())),
        end_(network.model().scored_layer()),
        size_(network.model().type(start_).elements()),
        num_pairs_(num_pairs(set.count)),
        in_scale_(std::ldexp(1.0, network.model().type(start_).frac_bits)),
        out_step_(std::ldexp(static_cast<double>(network.model().layers().back().unit),
                             -network.model().type(end_).frac_bits)) {
    const std::vector<BitId> bits = bits_of_end(rates);
    const int64_t copies = std::min(kMaxDrawnBits / std::max<int64_t>(1, std::ssize(bits)), kMaxCopies);
    num_sets_ = std::max<int64_t>(copies / num_pairs_, 1);
    num_normals_ = std::min(kMaxNormals / (2 * size_), kMaxCopies);
    normals_ = RandomBlock("predicted activations", 0).normals(0, num_normals_, 2 * size_);
    flips_.resize(static_cast<size_t>(num_sets_ * num_pairs_));
    const uint64_t key = Digest().add("netsurf predicted flips 1").first_64_bits();
    parallel_tasks(num_threads, std::ssize(flips_), [&](int64_t copy, size_t) {
      flips_[static_cast<size_t>(copy)] = draw(bits, rates, copy, key);
    });
    for (int i = 0; i < num_threads; ++i) {
      workers_.push_back({network.clean_parameters(), network.make_workspace(), {}});
    }
  }

  int layer() const override { return start_; }

  OutcomeSum outcome(const LayerTile& tile, size_t thread) override {
    Worker& worker = workers_[thread];
    std::vector<NormalMixer> mixers;
    for (int s = 0; s < tile.samples; ++s) mixers.emplace_back(tile.moments, tile.samples, s);
    worker.deviations.resize(static_cast<size_t>(tile.samples * size_));
    const bool varies = !is_still(tile.moments);
    const int64_t first = tile.begin / kTile % num_sets_ * num_pairs_;
    OutcomeSum sum;
    for (int64_t pair = first; pair < first + num_pairs_; ++pair) {
      const std::vector<BitId>& flips = flips_[static_cast<size_t>(pair)];
      for (int64_t s = 0; varies && s < tile.samples; ++s) {
        // Another stride for samples than for pairs, so that they do not meet the same draws together.
        const int64_t vector = (pair + 131 * s) % num_normals_;
        mixers[static_cast<size_t>(s)].mix(normals_.data() + vector * 2 * size_,
                                           worker.deviations.data() + s * size_);
      }
      flip(flips, worker.parameters);
      for (double sign : {1.0, -1.0}) {
        if (!varies && sign < 0) {  // the same again
          break;
        }
        load(tile, varies ? sign : 0, worker);
        for (int i = start_ + 1; i <= end_; ++i)
          network_.run_layer(i, worker.parameters, worker.workspace.activations);
        add_scores(tile, varies ? 1 : 2, worker, sum);
      }
      flip(flips, worker.parameters);  // twice is the identity
    }
    const double share = 1 / static_cast<double>(2 * num_pairs_);
    return {share * sum.correct, share * sum.loss};
  }

 private:
  /// What one thread owns.
  struct Worker {
    ParameterOperands parameters;
    Workspace workspace;
    std::vector<double> deviations;  // [samples, size]
  };

  /// Those of the parameters that the end reads and that can flip.
  std::vector<BitId> bits_of_end(std::span<const double> rates) const {
    const Model& model = network_.model();
    std::vector<bool> is_read(model.parameters().size());
    for (int i = start_ + 1; i <= end_; ++i) {
      const Layer& layer = model.layers()[static_cast<size_t>(i)];
      for (int parameter : {layer.kernel, layer.bias, layer.scale, layer.shift, layer.thresholds}) {
        if (parameter >= 0) is_read[static_cast<size_t>(parameter)] = true;
      }
    }
    std::vector<BitId> bits;
    for (const BitSpace::Segment& segment : space_.segments()) {
      if (!is_read[static_cast<size_t>(segment.parameter)]) continue;
      for (BitId id = segment.begin; id < segment.end; ++id) {
        if (rates[id] > 0) bits.push_back(id);
      }
    }
    return bits;
  }

  /// The same draws at every rate, so that curves are smooth: a bit flips where a number in [0, 1) is below
  /// its rate. Eight bits share a block for the first 16 binary digits; the rest is drawn where these tie.
  static std::vector<BitId> draw(const std::vector<BitId>& bits, std::span<const double> rates, int64_t copy,
                                 uint64_t key) {
    std::vector<BitId> flips;
    core::PhiloxBlock block{};
    int64_t drawn = -1;
    for (BitId id : bits) {
      if (drawn != id / 8) {
        drawn = id / 8;
        block = core::philox({{static_cast<uint32_t>(copy), 0, id / 8, 0}}, key);
      }
      const uint32_t digits = block.word[id % 8 / 2] >> (id % 2 * 16) & 0xffff;
      const double rest = rates[id] * 0x1p16 - static_cast<double>(digits);
      if (rest <= 0) continue;
      if (rest < 1) {
        const core::PhiloxBlock more = core::philox({{static_cast<uint32_t>(copy), 0, id, 1}}, key);
        if (static_cast<double>(more.pair(0)) * 0x1p-64 >= rest) continue;
      }
      flips.push_back(id);
    }
    return flips;
  }

  void flip(const std::vector<BitId>& flips, ParameterOperands& parameters) const {
    for (BitId id : flips) {
      const BitAddress at = space_.address(id);
      int32_t& operand = parameters[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
      operand = core::flip_operand(
          operand, at.bit, network_.model().parameters()[static_cast<size_t>(at.parameter)].storage());
    }
  }

  /// Fills the buffer of the layer that the end starts from: whole numbers of steps, within its type.
  void load(const LayerTile& tile, double sign, Worker& worker) const {
    const auto buffer = static_cast<size_t>(network_.buffer_of(start_));
    const TensorType& type = network_.model().type(start_);
    const auto fill = [&](auto* codes) {
      using Int = std::remove_pointer_t<decltype(codes)>;
      for (int64_t s = 0; s < tile.samples; ++s) {
        for (int64_t i = 0; i < size_; ++i) {
          const auto at = static_cast<size_t>(s * size_ + i);
          const double off = sign == 0 ? 0 : sign * worker.deviations[at];
          const double code = std::nearbyint((tile.moments.mean[at] + off) * in_scale_);
          codes[i * kTile + s] = static_cast<Int>(
              std::clamp(code, static_cast<double>(type.low), static_cast<double>(type.high)));
        }
      }
    };
    if (network_.is_wide(static_cast<int>(buffer))) {
      fill(worker.workspace.activations.wide[buffer]);
    } else {
      fill(worker.workspace.activations.narrow[buffer]);
    }
  }

  void add_scores(const LayerTile& tile, double weight, const Worker& worker, OutcomeSum& sum) const {
    const auto buffer = static_cast<size_t>(network_.scored_buffer());
    const int64_t outputs = network_.model().type(end_).elements();
    const auto add = [&](const auto* codes) {
      for (int64_t s = 0; s < tile.samples; ++s) {
        const int32_t label = set_.labels[static_cast<size_t>(tile.begin + s)];
        int64_t largest = 0;
        for (int64_t o = 1; o < outputs; ++o) {
          if (codes[o * kTile + s] > codes[largest * kTile + s]) largest = o;
        }
        const auto score = [&](int64_t o) { return static_cast<double>(codes[o * kTile + s]) * out_step_; };
        double total = 0;
        for (int64_t o = 0; o < outputs; ++o) total += std::exp(score(o) - score(largest));
        sum.correct += largest == label ? weight : 0;
        sum.loss += weight * (std::log(total) + score(largest) - score(label));
      }
    };
    if (network_.is_wide(static_cast<int>(buffer))) {
      add(worker.workspace.activations.wide[buffer]);
    } else {
      add(worker.workspace.activations.narrow[buffer]);
    }
  }

  const PlainNetwork& network_;
  const BitSpace& space_;
  const EvaluationSet& set_;
  int start_, end_;
  int64_t size_, num_pairs_;
  double in_scale_, out_step_;
  int64_t num_sets_ = 1, num_normals_ = 1;
  std::vector<std::vector<BitId>> flips_;  // by copy
  std::vector<double> normals_;            // [vectors, 2 size]
  std::vector<Worker> workers_;
};

}  // namespace

int start_of_end(const Model& model) {
  const int end = model.scored_layer();
  int64_t macs = 0;
  int start = end;
  for (int i = end; i > 0; --i) {
    const LayerKind kind = model.layers()[static_cast<size_t>(i)].kind;
    const bool is_sum =
        kind == LayerKind::dense || kind == LayerKind::conv2d || kind == LayerKind::conv2d_transpose;
    if (is_sum && model.type(i).elements() <= kMaxSize && cuts(model, i)) start = i;
    macs += macs_of(model, i);
    if (macs > kMaxMacs) break;
  }
  return start;
}

std::unique_ptr<OutcomeRule> make_drawn_end(const PlainNetwork& network, const BitSpace& space,
                                            const EvaluationSet& set, std::span<const double> rates,
                                            int num_threads) {
  return std::make_unique<DrawnEnd>(network, space, set, rates, num_threads);
}

}  // namespace netsurf
