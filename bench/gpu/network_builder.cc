#include "bench/gpu/network_builder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace netsurf::bench {
namespace {

constexpr Format kWeights{6, 0, true};
constexpr double kWeightSpread = 0.25;

/// The fewest integer bits that hold `value`, may be negative.
int integer_bits_for(double value) { return static_cast<int>(std::ceil(std::log2(value))); }

}  // namespace

NetworkBuilder::NetworkBuilder(std::string name, uint64_t seed, Shape input, Format format, double variance)
    : name_(std::move(name)), random_(seed), shape_(std::move(input)), variance_(variance) {
  Layer& layer = add(LayerKind::input);
  layer.format = format;
  layer.shape = shape_;
}

Layer& NetworkBuilder::add(LayerKind kind) {
  Layer layer;
  layer.name = "layer " + std::to_string(layers_.size());
  layer.kind = kind;
  if (!layers_.empty()) layer.inputs = {static_cast<int>(layers_.size()) - 1};
  layers_.push_back(std::move(layer));
  return layers_.back();
}

std::vector<int32_t> NetworkBuilder::draw(int64_t count, const Format& format, double mean, double spread) {
  std::vector<int32_t> codes(static_cast<size_t>(count));
  for (int32_t& code : codes) {
    // Twelve uniform numbers have variance one; their own arithmetic, as the library's distributions differ.
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random_() >> 11) * 0x1p-53;
    double scaled = std::rint((mean + spread * sum) / format.step());
    code = static_cast<int32_t>(
        std::clamp(scaled, static_cast<double>(format.min_code()), static_cast<double>(format.max_code())));
  }
  return codes;
}

int NetworkBuilder::add_parameter(Shape shape, Format format, std::vector<int32_t> codes) {
  Parameter parameter;
  parameter.name = "parameter " + std::to_string(parameters_.size());
  parameter.shape = std::move(shape);
  parameter.format = format;
  parameter.codes = std::move(codes);
  parameters_.push_back(std::move(parameter));
  return static_cast<int>(parameters_.size()) - 1;
}

std::vector<int32_t> NetworkBuilder::draw_kernel(int outputs, int64_t num_weights) {
  std::vector<int32_t> codes;
  for (int output = 0; output < outputs; ++output) {
    std::vector<int32_t> own = draw(num_weights, kWeights, 0, kWeightSpread);
    int64_t sum = std::accumulate(own.begin(), own.end(), int64_t{0});
    auto excess = static_cast<int32_t>(sum / num_weights);
    int64_t rest = sum % num_weights;
    for (int32_t& code : own) {
      int32_t one = rest > 0 ? 1 : rest < 0 ? -1 : 0;
      rest -= one;
      code = std::clamp(code - excess - one, static_cast<int32_t>(kWeights.min_code()),
                        static_cast<int32_t>(kWeights.max_code()));
    }
    codes.insert(codes.end(), own.begin(), own.end());
  }
  return codes;
}

NetworkBuilder& NetworkBuilder::add_sums(Layer& layer, Shape kernel) {
  int outputs = kernel[0];
  int64_t count = num_elements(kernel);
  double spread = kWeightSpread * std::sqrt(variance_ * static_cast<double>(count / outputs));
  layer.kernel = add_parameter(std::move(kernel), kWeights, draw_kernel(outputs, count / outputs));
  Format biases{8, integer_bits_for(spread), true};
  layer.bias = add_parameter({outputs}, biases, draw(outputs, biases, 0, 0.2 * spread));
  variance_ = spread * spread;
  return *this;
}

NetworkBuilder& NetworkBuilder::dense(int outputs) {
  Layer& layer = add(LayerKind::dense);
  Shape kernel = {outputs, shape_[0]};
  shape_ = {outputs};
  return add_sums(layer, std::move(kernel));
}

NetworkBuilder& NetworkBuilder::conv2d(int outputs, int size, int stride, bool is_same) {
  Layer& layer = add(LayerKind::conv2d);
  layer.window = {.height = size, .width = size, .stride_y = stride, .stride_x = stride};
  if (is_same) layer.window.pad_same(shape_[0], shape_[1]);
  Shape kernel = {outputs, size, size, shape_[2]};
  shape_ = {layer.window.out_height(shape_[0]), layer.window.out_width(shape_[1]), outputs};
  return add_sums(layer, std::move(kernel));
}

NetworkBuilder& NetworkBuilder::affine() {
  Layer& layer = add(LayerKind::affine);
  double scale = 1 / std::sqrt(variance_);
  Format scales{8, integer_bits_for(1.5 * scale), true}, shifts{8, 0, true};
  int channels = shape_.back();
  layer.scale = add_parameter({channels}, scales, draw(channels, scales, scale, 0.1 * scale));
  layer.shift = add_parameter({channels}, shifts, draw(channels, shifts, 0, 0.2));
  variance_ = 1;
  return *this;
}

NetworkBuilder& NetworkBuilder::relu(int bits) {
  Layer& layer = add(LayerKind::activation);
  layer.function = ActivationFunction::relu;
  layer.format = {bits, integer_bits_for(2.2 * std::sqrt(variance_)), false};
  variance_ *= 0.34;
  return *this;
}

NetworkBuilder& NetworkBuilder::hard_tanh(int bits) {
  Layer& layer = add(LayerKind::activation);
  layer.function = ActivationFunction::hard_tanh;
  layer.format = {bits, 0, true};
  variance_ = std::min(variance_, 0.4);
  return *this;
}

NetworkBuilder& NetworkBuilder::max_pool(int size) {
  Layer& layer = add(LayerKind::max_pool);
  layer.window = {.height = size, .width = size, .stride_y = size, .stride_x = size};
  shape_ = {layer.window.out_height(shape_[0]), layer.window.out_width(shape_[1]), shape_[2]};
  variance_ *= 1.3;  // the largest of four that are never negative
  return *this;
}

NetworkBuilder& NetworkBuilder::average_pool(int size, int stride) {
  Layer& layer = add(LayerKind::average_pool);
  layer.window = {.height = size, .width = size, .stride_y = stride, .stride_x = stride};
  shape_ = {layer.window.out_height(shape_[0]), layer.window.out_width(shape_[1]), shape_[2]};
  variance_ *= 0.4;
  return *this;
}

NetworkBuilder& NetworkBuilder::flatten() {
  add(LayerKind::flatten);
  shape_ = {static_cast<int>(num_elements(shape_))};
  return *this;
}

Model NetworkBuilder::build() { return Model::build(name_, std::move(layers_), std::move(parameters_)); }

}  // namespace netsurf::bench
