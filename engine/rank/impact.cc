#include "engine/rank/impact.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/backend/parallel.h"
#include "engine/backend/plain_network.h"
#include "engine/backend/sample_tile.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

using cpu::kTile;

/// The places of one layer's inputs that one kernel tap reads.
struct Tap {
  std::vector<int64_t> pixels;  // first channel of each
};

/// Taps in the kernel's order [kh, kw]: which input pixels take part in an output that is there.
std::vector<Tap> taps_of(const Layer& layer, const Shape& in, const Shape& out) {
  const Window& w = layer.window;
  bool is_transposed = layer.kind == LayerKind::conv2d_transpose;
  // A transposed convolution walks its own inputs and asks whether the output they reach is there.
  const Shape& near = is_transposed ? in : out;
  const Shape& far = is_transposed ? out : in;
  std::vector<Tap> taps;
  for (int i = 0; i < w.height; ++i) {
    for (int j = 0; j < w.width; ++j) {
      Tap tap;
      for (int row = 0; row < near[0]; ++row) {
        for (int column = 0; column < near[1]; ++column) {
          int y = row * w.stride_y - w.pad_top + i * w.dilation_y;
          int x = column * w.stride_x - w.pad_left + j * w.dilation_x;
          if (y < 0 || y >= far[0] || x < 0 || x >= far[1]) continue;
          int64_t pixel = is_transposed ? int64_t{row} * in[1] + column : int64_t{y} * in[1] + x;
          tap.pixels.push_back(pixel * in.back());
        }
      }
      taps.push_back(std::move(tap));
    }
  }
  return taps;
}

/// Sums over samples of what the elements of one layer's kernel or scale multiply.
class InputSums {
 public:
  InputSums(const Model& model, int index)
      : layer_(model.layers()[static_cast<size_t>(index)]),
        input_(model.type(layer_.inputs[0])),
        channels_(static_cast<size_t>(input_.shape.back())) {
    if (layer_.kind == LayerKind::conv2d || layer_.kind == LayerKind::conv2d_transpose)
      taps_ = taps_of(layer_, input_.shape, model.type(index).shape);
  }

  const Layer& layer() const { return layer_; }
  size_t size() const { return taps_.empty() ? channels_ : taps_.size() * channels_; }

  /// Adds `count` samples of codes [elements, kTile] to sums [size()].
  template <typename Code>
  void add(const Code* codes, int count, double* sums) const {
    if (layer_.kind == LayerKind::affine) return add_sizes(codes, count, sums);
    return taps_.empty() ? add_codes(codes, count, sums) : add_lengths(codes, count, sums);
  }

  /// What element `element` of the kernel or scale multiplies, as a mean over `samples`, from sums [size()].
  double mean(const std::vector<double>& sums, int64_t element, const Shape& kernel, int64_t samples) const {
    auto row = static_cast<size_t>(element);
    if (layer_.kind != LayerKind::affine) row %= static_cast<size_t>(num_elements(kernel) / kernel[0]);
    if (layer_.kind == LayerKind::conv2d && layer_.groups > 1) {
      auto inner = static_cast<size_t>(kernel[3]);
      auto filter = element / (num_elements(kernel) / kernel[0]);
      auto group = static_cast<size_t>(filter / (kernel[0] / layer_.groups));
      row = row / inner * channels_ + group * inner + row % inner;
    }
    double count = static_cast<double>(samples);
    if (layer_.kind == LayerKind::affine)
      count *= static_cast<double>(input_.elements()) / static_cast<double>(channels_);
    return std::fabs(std::ldexp(sums[row] / count, -input_.frac_bits));
  }

 private:
  template <typename Code>
  void add_codes(const Code* codes, int count, double* sums) const {
    for (size_t i = 0; i < channels_; ++i) {
      int64_t sum = 0;
      for (int n = 0; n < count; ++n) sum += codes[i * kTile + static_cast<size_t>(n)];
      sums[i] += static_cast<double>(sum);
    }
  }
  template <typename Code>
  void add_sizes(const Code* codes, int count, double* sums) const {
    auto elements = static_cast<size_t>(input_.elements());
    for (size_t i = 0; i < elements; ++i) {
      double sum = 0;
      for (int n = 0; n < count; ++n)
        sum += std::fabs(static_cast<double>(codes[i * kTile + static_cast<size_t>(n)]));
      sums[i % channels_] += sum;
    }
  }
  template <typename Code>
  void add_lengths(const Code* codes, int count, double* sums) const {
    for (size_t t = 0; t < taps_.size(); ++t) {
      for (size_t c = 0; c < channels_; ++c) {
        double squares[kTile] = {};
        for (int64_t pixel : taps_[t].pixels) {
          const Code* of_pixel = codes + (static_cast<size_t>(pixel) + c) * kTile;
          for (int n = 0; n < kTile; ++n)
            squares[n] += static_cast<double>(of_pixel[n]) * static_cast<double>(of_pixel[n]);
        }
        for (int n = 0; n < count; ++n) sums[t * channels_ + c] += std::sqrt(squares[n]);
      }
    }
  }

  const Layer& layer_;
  const TensorType& input_;
  size_t channels_;
  std::vector<Tap> taps_;
};

ParameterOperands flip_all(const Model& model, const BitSpace& space, ParameterOperands operands) {
  for_each_bit(space, [&](BitId, const BitSpace::Segment& segment, int64_t element, int bit) {
    auto index = static_cast<size_t>(segment.parameter);
    int32_t& operand = operands[index][static_cast<size_t>(element)];
    operand = core::flip_operand(operand, bit, model.parameters()[index].storage());
  });
  return operands;
}

/// The sums of all layers over all samples, tile by tile, added in the tiles' order.
std::vector<std::vector<double>> run_layers(const RankRequest& request, const PlainNetwork& network,
                                            const std::vector<InputSums>& layers,
                                            const ParameterOperands& operands) {
  int num_threads = request.num_threads > 0 ? request.num_threads : omp_get_max_threads();
  int64_t tiles = num_tiles(*request.data);
  std::vector<std::vector<std::vector<double>>> of_tile(static_cast<size_t>(tiles));
  std::vector<Workspace> workspaces;
  for (int i = 0; i < num_threads; ++i) workspaces.push_back(network.make_workspace());
  parallel_tasks(num_threads, tiles, [&](int64_t tile, size_t thread) {
    Activations& activations = workspaces[thread].activations;
    SampleTile samples = sample_tile(*request.data, tile);
    load_tile(*request.data, samples, activations.narrow[0]);
    network.run(operands, activations);
    for (const InputSums& sums : layers) {
      auto buffer = static_cast<size_t>(network.buffer_of(sums.layer().inputs[0]));
      std::vector<double>& part = of_tile[static_cast<size_t>(tile)].emplace_back(sums.size());
      if (activations.wide[buffer] != nullptr) {
        sums.add(activations.wide[buffer], samples.count, part.data());
      } else {
        sums.add(activations.narrow[buffer], samples.count, part.data());
      }
    }
  });
  std::vector<std::vector<double>> total = std::move(of_tile[0]);
  for (size_t tile = 1; tile < of_tile.size(); ++tile) {
    for (size_t l = 0; l < total.size(); ++l) {
      for (size_t i = 0; i < total[l].size(); ++i) total[l][i] += of_tile[tile][l][i];
    }
  }
  return total;
}

}  // namespace

std::vector<double> bit_impacts(const RankRequest& request, const FlipTable& flips, bool are_corrupted) {
  const Model& model = request.model;
  PlainNetwork network(model);
  ParameterOperands operands = network.clean_parameters();
  if (are_corrupted) operands = flip_all(model, request.space, std::move(operands));

  std::vector<InputSums> layers;
  std::multimap<int, size_t> layers_of;  // per parameter, places in `layers`
  std::map<int, int> num_added;          // per parameter, layers to which it is added as it is
  for (int i = 0; i < static_cast<int>(model.layers().size()); ++i) {
    const Layer& layer = model.layers()[static_cast<size_t>(i)];
    int multiplied = layer.kind == LayerKind::affine ? layer.scale : layer.kernel;
    if (multiplied >= 0) {
      layers_of.emplace(multiplied, layers.size());
      layers.emplace_back(model, i);
    }
    for (int added : {layer.bias, layer.shift, layer.thresholds}) {
      if (added >= 0) ++num_added[added];
    }
  }
  check_stop(request);
  std::vector<std::vector<double>> sums = run_layers(request, network, layers, operands);

  std::vector<double> impact(request.space.size());
  for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t element, int) {
    auto found = num_added.find(segment.parameter);
    double per_unit = found == num_added.end() ? 0 : found->second;
    auto [begin, end] = layers_of.equal_range(segment.parameter);
    for (auto use = begin; use != end; ++use) {
      const Parameter& parameter = model.parameters()[static_cast<size_t>(segment.parameter)];
      per_unit += layers[use->second].mean(sums[use->second], element, parameter.shape, request.data->count);
    }
    impact[id] = per_unit * std::fabs(flips.step[id]);
  });
  return impact;
}

}  // namespace netsurf
