// Layers without parameters: pools, joins, reshapes, the end of a classifier.
#include <algorithm>
#include <bit>
#include <numeric>
#include <set>

#include "models/foreign/lowering.h"

namespace netsurf::foreign {
namespace {

/// Whether the window lies inside the image everywhere, so that every average is over as many codes.
bool stays_inside(const Window& w) {
  return w.pad_top == 0 && w.pad_left == 0 && w.pad_bottom == 0 && w.pad_right == 0;
}

/// How many positions of the window lie inside the image along one axis: each number that occurs, once.
std::vector<int64_t> counts_inside(int out, int in, int kernel, int stride, int dilation, int pad) {
  std::set<int64_t> counts;
  for (int64_t y = 0; y < out; ++y) {
    int64_t first = y * stride - pad, before = first < 0 ? (-first + dilation - 1) / dilation : 0;
    int64_t end = in - first <= 0 ? 0 : (in - first + dilation - 1) / dilation;
    counts.insert(std::max<int64_t>(std::min<int64_t>(end, kernel) - before, 1));
  }
  return {counts.begin(), counts.end()};
}

/// `values` of channels, repeated for every pixel of a flattened image.
template <typename T>
std::vector<T> repeated_values(const std::vector<T>& values, size_t times) {
  if (values.size() < 2) return values;
  std::vector<T> all;
  for (size_t i = 0; i < times; ++i) all.insert(all.end(), values.begin(), values.end());
  return all;
}

Layer layer_on(LayerKind kind, const std::string& name, std::vector<int> inputs) {
  Layer layer;
  layer.kind = kind;
  layer.name = name;
  layer.inputs = std::move(inputs);
  return layer;
}

}  // namespace

Value Lowering::risen(const Value& in, const std::vector<int>& signs, const std::string& name) {
  Value v = in;
  v.layer = mirrored(in, signs, name);
  Step step;
  step.op = Op::multiply_constant;
  step.node = name;
  for (size_t c = 0; c < signs.size(); ++c) {
    step.constant.push_back(signs[c] < 0 ? -1.0f : 1.0f);
    if (signs[c] >= 0 || v.reach_low.size() != channels(in) || signs.size() != channels(in)) continue;
    int64_t low = v.reach_low[c];
    v.reach_low[c] = -v.reach_high[c];
    v.reach_high[c] = -low;
  }
  if (signs.size() != channels(in)) v.reach_low = v.reach_high = {};
  v.chain.insert(v.chain.begin(), std::move(step));
  return v;
}

Value Lowering::finer_for_average(const Node& n, const Window& w, const Value& in) {
  const TensorType& type = builder_.type(in.layer);
  std::vector<int64_t> rows = counts_inside(w.out_height(type.shape[0]), type.shape[0], w.height, w.stride_y,
                                            w.dilation_y, w.pad_top);
  std::vector<int64_t> columns =
      counts_inside(w.out_width(type.shape[1]), type.shape[1], w.width, w.stride_x, w.dilation_x, w.pad_left);
  constexpr int64_t kMost = (int64_t{1} << (kMaxActivationBits - 1)) - 1;
  int64_t factor = 1;
  for (int64_t height : rows) {
    for (int64_t width : columns) factor = std::lcm(factor, std::min(height * width, kMost));
    if (factor * std::max<int64_t>(type.bound, 1) > kMost) {
      assume("averages of \"" + n.name +
             "\" are rounded to the step of what they read: padding makes their counts differ, and the codes "
             "are too wide for a common multiple");
      return in;
    }
  }
  Parameter scale;
  scale.name = n.name + "/scale";
  scale.format = Format{16, 15, true};
  scale.constant = true;
  scale.codes.assign(channels(in), static_cast<int32_t>(factor));
  scale.shape = {static_cast<int>(scale.codes.size())};
  Layer layer = layer_on(LayerKind::affine, n.name + "/affine", {in.layer});
  layer.scale = builder_.add(std::move(scale));
  Value v;
  v.layer = builder_.add(std::move(layer));
  v.unit = {in.unit[0] / static_cast<double>(factor)};
  v.is_average = !exponent_of(static_cast<double>(factor));
  return v;
}

void Lowering::lower_pool(int index) {
  const Node& n = node(index);
  if (n.op == Op::max_pool) {
    Value v = input_of(index);
    // A maximum may be taken before a rising function; not before one that falls.
    std::vector<int> signs = directions(v.chain);
    if (std::find(signs.begin(), signs.end(), -1) != signs.end()) v = risen(v, signs, n.name);
    Layer layer = layer_on(LayerKind::max_pool, n.name, {v.layer});
    layer.window = n.window;
    v.layer = builder_.add(std::move(layer));
    return put(index, std::move(v));
  }
  Value in = readable(n);
  const Shape shape = builder_.type(in.layer).shape;
  if (shape.size() != 3)
    refuse(n, "reads shape " + shape_text(shape) + ", expected height x width x channels");
  bool is_global = n.op == Op::global_average_pool;
  Window window = is_global ? Window{.height = shape[0], .width = shape[1]} : n.window;
  bool counts_alike = stays_inside(window) || n.counts_padding;
  if (!counts_alike) in = finer_for_average(n, window, in);
  Layer layer = layer_on(counts_alike ? LayerKind::sum_pool : LayerKind::average_pool, n.name, {in.layer});
  layer.window = window;
  Value v;
  v.unit = in.unit;
  v.is_average = in.is_average;
  v.layer = builder_.add(std::move(layer));
  if (counts_alike) {
    double count = static_cast<double>(window.height) * window.width;
    v.unit[0] /= count;
    v.is_average = !exponent_of(count);
  }
  if (is_global) v.layer = builder_.add(layer_on(LayerKind::flatten, n.name + "/flatten", {v.layer}));
  put(index, std::move(v));
}

Value Lowering::scaled_for_sum(const Value& part, const std::string& name) {
  // Within 31 bits where 20 bits of scale allow it, so that thresholds may follow.
  int bound_bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(builder_.type(part.layer).bound)));
  return affine(part, {}, 1, name + "/scale", std::max(30, bound_bits + 20));
}

void Lowering::lower_join(int index) {
  const Node& n = node(index);
  bool adds = n.op == Op::add;
  std::vector<Value> parts;
  for (int input : n.inputs) {
    value(input) = settled(value(input), node(input).name);
    parts.push_back(value(input));
  }
  bool alike = true;
  for (const Value& part : parts) alike = alike && is_uniform(part.unit) && part.unit[0] == parts[0].unit[0];
  Value v;
  v.unit = parts[0].unit;
  if (!alike && adds) {
    for (Value& part : parts) {
      if (!is_uniform(part.unit) || part.unit[0] != 1) part = scaled_for_sum(part, n.name);
    }
    v.unit = {1};
  } else if (!alike) {
    v.unit.clear();
    for (const Value& part : parts) {
      for (size_t c = 0; c < channels(part); ++c) v.unit.push_back(at(part.unit, c));
    }
  } else {
    v.unit.resize(1);
  }
  std::vector<int> layers;
  for (const Value& part : parts) layers.push_back(part.layer);
  v.layer = builder_.add(layer_on(adds ? LayerKind::add : LayerKind::concatenate, n.name, layers));
  put(index, std::move(v));
}

void Lowering::lower_shape(int index) {
  const Node& n = node(index);
  Value v = input_of(index);
  if (n.op == Op::softmax || n.op == Op::argmax) {
    if (index != output_) refuse(n, "is read by other nodes; expected at the end of the network");
    v = settled(v, n.name);
    if (!is_uniform(v.unit)) v = affine(v, {}, 1, n.name);
    if (n.op == Op::argmax)
      result_.folded.push_back("\"" + n.name + "\" into the score: the prediction is the argmax");
    v.layer = builder_.add(layer_on(LayerKind::softmax, n.name, {v.layer}));
    return put(index, std::move(v));
  }
  const Shape from = builder_.type(v.layer).shape;
  Layer layer = layer_on(LayerKind::upsample, n.name, {v.layer});
  size_t times = 1;
  if (n.op == Op::upsample) {
    layer.window = Window{.height = n.window.height, .width = n.window.width};
  } else {
    Shape to = n.op == Op::flatten ? Shape{static_cast<int>(num_elements(from))} : n.shape;
    if (to == from) return put(index, std::move(v));
    // A flattened image keeps its channels as the fastest index: what holds per channel repeats.
    bool is_per_channel = !is_uniform(v.unit) ||
                          v.chain.end() != std::find_if(v.chain.begin(), v.chain.end(), [](const Step& step) {
                            return step.constant.size() > 1;
                          });
    if (is_per_channel && !(to.size() == 1 || (!to.empty() && to.back() == from.back())))
      v = settled(v, n.name);
    if (to.size() == 1 && from.size() > 1) {
      times = static_cast<size_t>(num_elements(from)) / static_cast<size_t>(from.back());
      v.chain = repeated(std::move(v.chain), times);
      v.unit = repeated_values(v.unit, times);
      v.reach_low = repeated_values(v.reach_low, times);
      v.reach_high = repeated_values(v.reach_high, times);
    } else if (is_per_channel && !is_uniform(v.unit) && to.back() != from.back()) {
      refuse(n, "regroups channels that have steps of their own; put a quantizer in front of it");
    }
    layer.kind = to.size() == 1 ? LayerKind::flatten : LayerKind::reshape;
    layer.shape = to;
    layer.inputs = {v.layer};
  }
  v.layer = builder_.add(std::move(layer));
  put(index, std::move(v));
}

}  // namespace netsurf::foreign
