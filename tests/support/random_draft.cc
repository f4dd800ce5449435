#include "tests/support/random_model.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <tuple>
#include <utility>

#include "tests/support/random_parts.h"

namespace netsurf::testing {
namespace {

/// What is known of a layer's output while the network grows.
struct Drawn {
  Shape shape;
  int frac_bits = 0;
  Wide magnitude = 0;   // no code is larger
  bool narrow = false;  // certain to fit what a dense layer reads
};

class Drafter {
 public:
  explicit Drafter(Random& random) : random_(random) {}

  Draft draw() {
    draw_input();
    int steps = random_.pick(2, 10);
    for (int i = 0; i < steps; ++i) draw_layer();
    join_loose_ends();
    if (random_.chance(60)) draw_activation(last());
    if (drawn_.back().shape.size() == 1 && random_.chance(30)) draw_dense(last());
    if (drawn_.back().shape.size() == 1 && random_.chance(40)) {
      append(layer_of(LayerKind::softmax, {last()}), drawn_.back());
    }
    if (random_.chance(40)) draft_.layers.back().unit = draw_unit(random_);
    return std::move(draft_);
  }

 private:
  int last() const { return static_cast<int>(drawn_.size()) - 1; }
  const Drawn& at(int index) const { return drawn_[static_cast<size_t>(index)]; }
  bool is_image(int index) const { return at(index).shape.size() == 3; }

  static Layer layer_of(LayerKind kind, std::vector<int> inputs) {
    Layer layer;
    layer.kind = kind;
    layer.inputs = std::move(inputs);
    return layer;
  }

  int append(Layer layer, Drawn drawn) {
    layer.name = std::string(name_of(layer.kind)) + "_" + std::to_string(draft_.layers.size());
    for (int input : layer.inputs) read_[static_cast<size_t>(input)] = true;
    draft_.layers.push_back(std::move(layer));
    bool fits = drawn.magnitude <= Wide{1} << 62 && std::abs(drawn.frac_bits) <= 62;
    // A draft that is too wide already may grow on: held here, a chain of wide layers stays within Wide.
    drawn.magnitude = std::min(drawn.magnitude, Wide{1} << 63);
    drawn_.push_back(std::move(drawn));
    read_.push_back(false);
    draft_.may_be_too_wide = draft_.may_be_too_wide || !fits;
    return last();
  }

  void draw_input() {
    Layer layer;
    bool image = random_.chance(70);
    layer.shape = image ? Shape{random_.pick(1, 7), random_.pick(1, 7), random_.pick(1, 4)}
                        : Shape{random_.pick(1, 12)};
    layer.format = draw_activation_format(random_);
    draw_rounding(random_, layer);
    draw_range(random_, layer);
    if (random_.chance(30)) layer.unit = draw_unit(random_);
    Drawn drawn{layer.shape, layer.format.frac_bits(), layer.format.max_magnitude(), true};
    append(std::move(layer), drawn);
  }

  /// A new parameter, or, now and then, one that another layer (or the same one) has already.
  int draw_parameter(const Shape& shape, bool wide) {
    if (random_.chance(30)) {
      std::vector<int> alike;
      for (size_t i = 0; i < draft_.parameters.size(); ++i) {
        if (draft_.parameters[i].shape == shape) alike.push_back(static_cast<int>(i));
      }
      if (!alike.empty()) return random_.of(alike);
    }
    return append_parameter(testing::draw_parameter(random_, shape, wide));
  }

  int append_parameter(Parameter parameter) {
    parameter.name = "parameter_" + std::to_string(draft_.parameters.size());
    draft_.parameters.push_back(std::move(parameter));
    return static_cast<int>(draft_.parameters.size()) - 1;
  }

  const Parameter& parameter(int index) const { return draft_.parameters[static_cast<size_t>(index)]; }
  const Format& format_of(int index) const { return parameter(index).format; }

  static Wide shifted(Wide code, int places) {
    Wide limit = Wide{1} << 100;
    for (; places > 0 && code < limit; --places) code *= 2;
    return code;
  }

  /// Fraction bits and magnitude of products (so many of them, each with this parameter) plus an optional
  /// term.
  Drawn sum_type(Shape shape, const Drawn& x, int factor, int64_t products, int term) const {
    Drawn drawn{std::move(shape), x.frac_bits + format_of(factor).frac_bits(), 0, false};
    drawn.magnitude = x.magnitude * magnitude_of(parameter(factor)) * products;
    if (term >= 0) {
      int finest = std::max(drawn.frac_bits, format_of(term).frac_bits());
      drawn.magnitude = shifted(drawn.magnitude, finest - drawn.frac_bits) +
                        shifted(magnitude_of(parameter(term)), finest - format_of(term).frac_bits());
      drawn.frac_bits = finest;
    }
    drawn.narrow = drawn.magnitude < (1 << (kMaxActivationBits - 1));
    return drawn;
  }

  int draw_activation(int input) {
    Layer layer = layer_of(LayerKind::activation, {input});
    std::vector<ActivationFunction> functions = {ActivationFunction::linear, ActivationFunction::relu,
                                                 ActivationFunction::leaky_relu};
    if (at(input).frac_bits >= 0 && at(input).frac_bits <= 40) {
      functions.push_back(ActivationFunction::hard_tanh);
      functions.push_back(ActivationFunction::hard_sigmoid);
    }
    layer.function = random_.of(functions);
    layer.format = draw_activation_format(random_);
    // Most formats sit near the input's own step, where rounding and saturation both happen.
    if (random_.chance(40) && at(input).frac_bits < 40) {
      int frac_bits = at(input).frac_bits - random_.pick(-1, 6);
      layer.format.integer_bits = layer.format.bits - (layer.format.is_signed ? 1 : 0) - frac_bits;
    }
    draw_rounding(random_, layer);
    layer.wraps = random_.chance(15);
    if (!layer.wraps) draw_range(random_, layer);
    bool fits = true;
    if (layer.function == ActivationFunction::leaky_relu) {
      draw_slope(random_, layer);
      Wide steepest = std::max<Wide>(Wide{1} << layer.slope_shift, layer.slope);
      fits = at(input).magnitude * steepest <= Wide{1} << 62;
    }
    draft_.may_be_too_wide = draft_.may_be_too_wide || !fits;
    Drawn drawn{at(input).shape, layer.format.frac_bits(), layer.format.max_magnitude(), true};
    return append(std::move(layer), drawn);
  }

  int narrow(int input) { return at(input).narrow ? input : draw_activation(input); }

  int flat(int input) {
    if (at(input).shape.size() == 1) return input;
    Drawn drawn = at(input);
    drawn.shape = {static_cast<int>(num_elements(drawn.shape))};
    return append(layer_of(LayerKind::flatten, {input}), drawn);
  }

  void draw_dense(int input) {
    input = narrow(flat(input));
    int ins = at(input).shape[0];
    int outs = random_.chance(40) ? ins : random_.pick(1, 6);
    Layer layer = layer_of(LayerKind::dense, {input});
    layer.kernel = draw_parameter({outs, ins}, false);
    if (random_.chance(70)) layer.bias = draw_parameter({outs}, true);
    Drawn drawn = sum_type({outs}, at(input), layer.kernel, ins, layer.bias);
    append(std::move(layer), drawn);
  }

  void draw_conv2d(int input) {
    input = narrow(input);
    const Shape shape = at(input).shape;
    auto [window, out] = draw_window(random_, shape);
    std::vector<int> divisors;
    for (int g = 1; g <= shape[2]; ++g) {
      if (shape[2] % g == 0) divisors.push_back(g);
    }
    Layer layer = layer_of(LayerKind::conv2d, {input});
    layer.window = window;
    layer.groups = random_.chance(50) ? 1 : random_.of(divisors);
    out[2] = layer.groups * random_.pick(1, layer.groups > 2 ? 2 : 3);
    int ins_of_group = shape[2] / layer.groups;
    layer.kernel = draw_parameter({out[2], window.height, window.width, ins_of_group}, false);
    if (random_.chance(70)) layer.bias = draw_parameter({out[2]}, true);
    int64_t products = int64_t{window.height} * window.width * ins_of_group;
    Drawn drawn = sum_type(out, at(input), layer.kernel, products, layer.bias);
    append(std::move(layer), drawn);
  }

  void draw_pool(int input, LayerKind kind) {
    if (kind != LayerKind::max_pool) input = narrow(input);
    Layer layer = layer_of(kind, {input});
    Drawn drawn = at(input);
    if (kind == LayerKind::global_average_pool) {
      drawn.shape = {drawn.shape[2]};
    } else {
      std::tie(layer.window, drawn.shape) = draw_window(random_, drawn.shape);
    }
    append(std::move(layer), drawn);
  }

  void draw_sum_pool(int input) {
    input = narrow(input);
    Layer layer = layer_of(LayerKind::sum_pool, {input});
    Drawn drawn = at(input);
    std::tie(layer.window, drawn.shape) = draw_window(random_, drawn.shape);
    drawn.magnitude *= layer.window.height * layer.window.width;
    drawn.narrow = drawn.magnitude < (1 << (kMaxActivationBits - 1));
    append(std::move(layer), drawn);
  }

  void draw_conv2d_transpose(int input) {
    auto [window, out] = draw_transposed_window(random_, at(input).shape);
    if (out[0] == 0 || out[1] == 0) return;
    input = narrow(input);
    int ins = out[2];
    out[2] = random_.pick(1, 3);
    Layer layer = layer_of(LayerKind::conv2d_transpose, {input});
    layer.window = window;
    layer.kernel = draw_parameter({out[2], window.height, window.width, ins}, false);
    if (random_.chance(70)) layer.bias = draw_parameter({out[2]}, true);
    int64_t products = int64_t{window.height} * window.width * ins;
    Drawn drawn = sum_type(out, at(input), layer.kernel, products, layer.bias);
    append(std::move(layer), drawn);
  }

  void draw_upsample(int input) {
    Layer layer = layer_of(LayerKind::upsample, {input});
    layer.window.height = random_.pick(1, 3);
    layer.window.width = random_.pick(1, 3);
    Drawn drawn = at(input);
    drawn.shape[0] *= layer.window.height;
    drawn.shape[1] *= layer.window.width;
    if (drawn.shape[0] <= 12 && drawn.shape[1] <= 12) append(std::move(layer), drawn);
  }

  void draw_threshold(int input) {
    int rows = random_.chance(35) ? 1 : at(input).shape.back();
    int count = random_.chance(10) ? random_.pick(9, 300) : random_.pick(1, 8);
    if (rows * count > 600) count = 600 / rows + 1;
    Layer layer = layer_of(LayerKind::threshold, {input});
    int least_bits = 1;
    while ((1 << least_bits) - 1 < count) ++least_bits;
    int bits = random_.pick(least_bits, kMaxActivationBits);
    layer.format = draw_format(random_, bits, -3, bits + 3);
    int64_t least = layer.format.min_code(), most = layer.format.max_code();
    int64_t step = random_.chance(50) ? 1 : random_.between(1, (most - least) / count);
    layer.low = static_cast<int32_t>(random_.between(least, most - step * count));
    layer.high = static_cast<int32_t>(layer.low + step * count);
    layer.thresholds = draw_thresholds({rows, count}, input);
    Drawn drawn{at(input).shape, layer.format.frac_bits(), layer.format.max_magnitude(), true};
    append(std::move(layer), drawn);
  }

  /// New thresholds for a layer's codes, or those of another layer whose step is the same.
  int draw_thresholds(const Shape& shape, int input) {
    std::vector<int> alike;
    for (size_t i = 0; i < draft_.parameters.size(); ++i) {
      const Parameter& each = draft_.parameters[i];
      if (each.shape == shape && each.format.frac_bits() == at(input).frac_bits)
        alike.push_back(static_cast<int>(i));
    }
    if (!alike.empty() && random_.chance(50)) return random_.of(alike);
    return append_parameter(
        testing::draw_thresholds(random_, shape, at(input).frac_bits, at(input).magnitude));
  }

  void draw_affine(int input) {
    Layer layer = layer_of(LayerKind::affine, {input});
    layer.scale = draw_parameter({at(input).shape.back()}, random_.chance(40));
    if (random_.chance(70)) layer.shift = draw_parameter({at(input).shape.back()}, true);
    Drawn drawn = sum_type(at(input).shape, at(input), layer.scale, 1, layer.shift);
    append(std::move(layer), drawn);
  }

  /// Magnitude and fraction bits of tensors brought to one step: their sum's, or the largest one's.
  Drawn aligned_type(const std::vector<int>& inputs, bool summed) const {
    Drawn drawn = at(inputs[0]);
    for (int input : inputs) drawn.frac_bits = std::max(drawn.frac_bits, at(input).frac_bits);
    drawn.magnitude = 0;
    for (int input : inputs) {
      Wide each = shifted(at(input).magnitude, drawn.frac_bits - at(input).frac_bits);
      drawn.magnitude = summed ? drawn.magnitude + each : std::max(drawn.magnitude, each);
    }
    drawn.narrow = drawn.magnitude < (1 << (kMaxActivationBits - 1));
    return drawn;
  }

  void draw_add(int input) {
    std::vector<int> alike;
    for (int i = 0; i <= last(); ++i) {
      if (at(i).shape == at(input).shape) alike.push_back(i);
    }
    std::vector<int> inputs = {input, random_.of(alike)};
    if (random_.chance(25)) inputs.push_back(random_.of(alike));
    append(layer_of(LayerKind::add, inputs), aligned_type(inputs, true));
  }

  static Shape without_channels(Shape shape) {
    shape.pop_back();
    return shape;
  }

  int append_concatenation(const std::vector<int>& inputs) {
    Drawn drawn = aligned_type(inputs, false);
    drawn.shape.back() = 0;
    for (int input : inputs) drawn.shape.back() += at(input).shape.back();
    return append(layer_of(LayerKind::concatenate, inputs), drawn);
  }

  void draw_concatenate(int input) {
    std::vector<int> alike;
    for (int i = 0; i <= last(); ++i) {
      if (without_channels(at(i).shape) == without_channels(at(input).shape)) alike.push_back(i);
    }
    std::vector<int> inputs = {input, random_.of(alike)};
    if (random_.chance(25)) inputs.push_back(random_.of(alike));
    int64_t channels = 0;
    for (int each : inputs) channels += at(each).shape.back();
    if (channels <= 40) append_concatenation(inputs);
  }

  void draw_reshape(int input) {
    int elements = static_cast<int>(num_elements(at(input).shape));
    std::vector<int> divisors;
    for (int d = 1; d <= elements; ++d) {
      if (elements % d == 0) divisors.push_back(d);
    }
    int height = random_.of(divisors);
    int width = random_.of(divisors);
    if (elements / height % width != 0) width = 1;
    Layer layer = layer_of(LayerKind::reshape, {input});
    layer.shape = random_.chance(25) ? Shape{elements} : Shape{height, width, elements / height / width};
    Drawn drawn = at(input);
    drawn.shape = layer.shape;
    if (drawn.shape.size() == 3 && (height > 12 || width > 12 || drawn.shape[2] > 12)) return;
    append(std::move(layer), drawn);
  }

  void draw_layer() {
    int input = random_.chance(70) ? last() : random_.pick(0, last());
    int choice = random_.pick(0, is_image(input) ? 20 : 10);
    switch (choice) {
      case 0:
      case 1:
        return draw_dense(input);
      case 2:
        return draw_affine(input);
      case 3:
        return draw_add(input);
      case 4:
        return draw_concatenate(input);
      case 5:
        return draw_reshape(input);
      case 6:
      case 7:
        draw_activation(input);
        return;
      case 8:
        flat(input);
        return;
      case 9:
      case 10:
        return draw_threshold(input);
      case 11:
        return draw_pool(input, LayerKind::max_pool);
      case 12:
        return draw_pool(input, LayerKind::average_pool);
      case 13:
        return draw_sum_pool(input);
      case 14:
      case 15:
        return draw_upsample(input);
      case 16:
      case 17:
      case 18:
        return draw_conv2d_transpose(input);
      case 19:
        if (random_.chance(50)) return draw_pool(input, LayerKind::global_average_pool);
        [[fallthrough]];
      default:
        return draw_conv2d(input);
    }
  }

  void join_loose_ends() {
    std::vector<int> loose;
    for (int i = 0; i <= last(); ++i) {
      if (!read_[static_cast<size_t>(i)]) loose.push_back(i);
    }
    if (loose.size() < 2) return;
    for (int& each : loose) each = flat(each);
    append_concatenation(loose);
  }

  Random& random_;
  Draft draft_;
  std::vector<Drawn> drawn_;
  std::vector<bool> read_;
};

}  // namespace

Draft random_draft(Random& random) { return Drafter(random).draw(); }

}  // namespace netsurf::testing
