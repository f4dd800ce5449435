#include "tests/support/random_model.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <tuple>
#include <utility>

namespace netsurf::testing {
namespace {

using Wide = __int128;

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
    int steps = random_.pick(2, 9);
    for (int i = 0; i < steps; ++i) draw_layer();
    join_loose_ends();
    if (random_.chance(60)) draw_activation(last());
    if (drawn_.back().shape.size() == 1 && random_.chance(30)) draw_dense(last());
    if (drawn_.back().shape.size() == 1 && random_.chance(40)) {
      append(layer_of(LayerKind::softmax, {last()}), drawn_.back());
    }
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

  Format draw_format(int bits, int lowest_frac, int highest_frac) {
    Format format;
    format.is_signed = bits == kMaxParameterBits || random_.chance(70);
    format.bits = bits;
    int frac_bits = random_.pick(lowest_frac, highest_frac);
    format.integer_bits = bits - (format.is_signed ? 1 : 0) - frac_bits;
    return format;
  }

  Format draw_activation_format() {
    int bits = random_.chance(60) ? random_.pick(1, 8) : random_.pick(1, kMaxActivationBits);
    if (random_.chance(80)) return draw_format(bits, 0, bits - 1);
    return draw_format(bits, -3, bits + 3);
  }

  void draw_input() {
    Layer layer;
    bool image = random_.chance(70);
    layer.shape = image ? Shape{random_.pick(1, 7), random_.pick(1, 7), random_.pick(1, 4)}
                        : Shape{random_.pick(1, 12)};
    layer.format = draw_activation_format();
    Drawn drawn{layer.shape, layer.format.frac_bits(), layer.format.max_magnitude(), true};
    append(std::move(layer), drawn);
  }

  int draw_bits(bool wide) {
    if (wide) return random_.chance(50) ? random_.pick(1, kMaxParameterBits) : random_.pick(8, 20);
    int kind = random_.pick(1, 10);
    if (kind <= 7) return random_.pick(1, 8);
    return kind <= 9 ? random_.pick(8, 16) : random_.pick(16, kMaxParameterBits);
  }

  int32_t draw_code(const Format& format, int style) {
    int64_t low = format.min_code(), high = format.max_code();
    if (style == 0) return static_cast<int32_t>(random_.chance(50) ? low : high);
    if (style == 1) return static_cast<int32_t>(std::clamp<int64_t>(random_.between(-3, 3), low, high));
    if (style == 2) return static_cast<int32_t>(low);
    return static_cast<int32_t>(random_.between(low, high));
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
    Parameter parameter;
    parameter.name = "parameter_" + std::to_string(draft_.parameters.size());
    parameter.shape = shape;
    int bits = draw_bits(wide);
    parameter.format = draw_format(bits, -4, bits + 3);
    size_t elements = static_cast<size_t>(num_elements(shape));
    int style = random_.pick(0, 6);
    for (size_t i = 0; i < elements; ++i) parameter.codes.push_back(draw_code(parameter.format, style));
    if (random_.chance(35)) {
      int percent = random_.of(std::vector<int>{10, 50, 90, 100});
      for (size_t i = 0; i < elements; ++i) {
        parameter.pruned.push_back(random_.chance(percent) ? 1 : 0);
        if (parameter.pruned[i] != 0) parameter.codes[i] = 0;
      }
    }
    draft_.parameters.push_back(std::move(parameter));
    return static_cast<int>(draft_.parameters.size()) - 1;
  }

  const Format& format_of(int parameter) const {
    return draft_.parameters[static_cast<size_t>(parameter)].format;
  }

  static Wide shifted(Wide code, int places) {
    Wide limit = Wide{1} << 100;
    for (; places > 0 && code < limit; --places) code *= 2;
    return code;
  }

  /// Fraction bits and magnitude of products (so many of them, each with this parameter) plus an optional
  /// term.
  Drawn sum_type(Shape shape, const Drawn& x, int factor, int64_t products, int term) const {
    Drawn drawn{std::move(shape), x.frac_bits + format_of(factor).frac_bits(), 0, false};
    drawn.magnitude = x.magnitude * format_of(factor).max_magnitude() * products;
    if (term >= 0) {
      int finest = std::max(drawn.frac_bits, format_of(term).frac_bits());
      drawn.magnitude = shifted(drawn.magnitude, finest - drawn.frac_bits) +
                        shifted(format_of(term).max_magnitude(), finest - format_of(term).frac_bits());
      drawn.frac_bits = finest;
    }
    drawn.narrow = drawn.magnitude < (1 << (kMaxActivationBits - 1));
    return drawn;
  }

  int draw_activation(int input) {
    Layer layer = layer_of(LayerKind::activation, {input});
    bool has_one = at(input).frac_bits >= 0 && at(input).frac_bits <= 40;
    layer.function = static_cast<ActivationFunction>(random_.pick(0, has_one ? 3 : 1));
    layer.format = draw_activation_format();
    // Most formats sit near the input's own step, where rounding and saturation both happen.
    if (random_.chance(40) && at(input).frac_bits < 40) {
      int frac_bits = at(input).frac_bits - random_.pick(-1, 6);
      layer.format.integer_bits = layer.format.bits - (layer.format.is_signed ? 1 : 0) - frac_bits;
    }
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

  /// Whether every place along one axis has a tap inside the image, and how many places there are.
  static std::pair<bool, int> places(int in, int taps, int stride, int dilation, int before, int after) {
    int reach = in + before + after - dilation * (taps - 1) - 1;
    if (reach < 0) return {false, 0};
    int count = reach / stride + 1;
    for (int place = 0; place < count; ++place) {
      bool inside = false;
      for (int tap = 0; tap < taps; ++tap) {
        int row = place * stride - before + tap * dilation;
        inside = inside || (row >= 0 && row < in);
      }
      if (!inside) return {false, count};
    }
    return {true, count};
  }

  static void pad_same(int in, int taps, int stride, int dilation, int& before, int& after) {
    int outs = (in + stride - 1) / stride;
    int total = std::max((outs - 1) * stride + dilation * (taps - 1) + 1 - in, 0);
    before = total / 2;
    after = total - before;
  }

  /// A window for an image and the size of what it makes.
  std::pair<Window, Shape> draw_window(const Shape& shape) {
    while (true) {
      Window w;
      w.height = random_.pick(1, 3);
      w.width = random_.pick(1, 3);
      w.stride_y = random_.pick(1, 3);
      w.stride_x = random_.pick(1, 3);
      w.dilation_y = random_.chance(70) ? 1 : random_.pick(2, 3);
      w.dilation_x = random_.chance(70) ? 1 : random_.pick(2, 3);
      int padding = random_.pick(0, 2);
      if (padding == 1) {
        pad_same(shape[0], w.height, w.stride_y, w.dilation_y, w.pad_top, w.pad_bottom);
        pad_same(shape[1], w.width, w.stride_x, w.dilation_x, w.pad_left, w.pad_right);
      } else if (padding == 2) {
        w.pad_top = random_.pick(0, 3);
        w.pad_bottom = random_.pick(0, 3);
        w.pad_left = random_.pick(0, 3);
        w.pad_right = random_.pick(0, 3);
      }
      auto [rows_fit, rows] = places(shape[0], w.height, w.stride_y, w.dilation_y, w.pad_top, w.pad_bottom);
      auto [columns_fit, columns] =
          places(shape[1], w.width, w.stride_x, w.dilation_x, w.pad_left, w.pad_right);
      if (rows_fit && columns_fit) return {w, {rows, columns, shape[2]}};
    }
  }

  void draw_conv2d(int input) {
    input = narrow(input);
    const Shape shape = at(input).shape;
    auto [window, out] = draw_window(shape);
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
      std::tie(layer.window, drawn.shape) = draw_window(drawn.shape);
    }
    append(std::move(layer), drawn);
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
    int choice = random_.pick(0, is_image(input) ? 13 : 8);
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
        return draw_pool(input, LayerKind::max_pool);
      case 10:
        return draw_pool(input, LayerKind::average_pool);
      case 11:
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
