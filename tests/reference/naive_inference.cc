#include "tests/reference/naive_inference.h"

#include <algorithm>
#include <stdexcept>

#include "tests/reference/naive_operand.h"
#include "tests/reference/naive_windows.h"

namespace netsurf::naive {
namespace {

Tensor dense(const Context& context, const Layer& layer, const Tensor& x) {
  Stored kernel = context.stored(layer.kernel), bias = context.stored(layer.bias);
  int outs = kernel.parameter->shape[0], ins = kernel.parameter->shape[1];
  int product_frac = x.frac_bits + kernel.frac_bits();
  Tensor y = empty_like({outs}, finest_fraction(product_frac, bias));
  for (int o = 0; o < outs; ++o) {
    Wide sum = 0;
    for (int i = 0; i < ins; ++i) sum += kernel.at(int64_t{o} * ins + i) * x.codes[static_cast<size_t>(i)];
    y.codes[static_cast<size_t>(o)] = finest_sum(sum, product_frac, bias, o, context.plant);
  }
  return y;
}

Tensor affine(const Context& context, const Layer& layer, const Tensor& x) {
  Stored scale = context.stored(layer.scale), shift = context.stored(layer.shift);
  int product_frac = x.frac_bits + scale.frac_bits();
  Tensor y = empty_like(x.shape, finest_fraction(product_frac, shift));
  int channels = x.shape.back();
  for (size_t i = 0; i < x.codes.size(); ++i) {
    int64_t channel = static_cast<int64_t>(i) % channels;
    y.codes[i] = finest_sum(scale.at(channel) * x.codes[i], product_frac, shift, channel, context.plant);
  }
  return y;
}

int finest_of(const std::vector<const Tensor*>& inputs) {
  int finest = inputs[0]->frac_bits;
  for (const Tensor* input : inputs) finest = std::max(finest, input->frac_bits);
  return finest;
}

Tensor add(const std::vector<const Tensor*>& inputs) {
  Tensor y = empty_like(inputs[0]->shape, finest_of(inputs));
  for (const Tensor* input : inputs) {
    for (size_t i = 0; i < y.codes.size(); ++i) {
      y.codes[i] += doubled(input->codes[i], y.frac_bits - input->frac_bits);
    }
  }
  return y;
}

Tensor concatenate(const std::vector<const Tensor*>& inputs) {
  Tensor y{inputs[0]->shape, finest_of(inputs), {}};
  y.shape.back() = 0;
  for (const Tensor* input : inputs) y.shape.back() += input->shape.back();
  size_t places = inputs[0]->codes.size() / static_cast<size_t>(inputs[0]->shape.back());
  for (size_t place = 0; place < places; ++place) {
    for (const Tensor* input : inputs) {
      size_t channels = static_cast<size_t>(input->shape.back());
      for (size_t c = 0; c < channels; ++c) {
        y.codes.push_back(doubled(input->codes[place * channels + c], y.frac_bits - input->frac_bits));
      }
    }
  }
  return y;
}

Wide activate(Wide code, int frac_bits, const Layer& layer, Plant plant) {
  switch (layer.function) {
    case ActivationFunction::linear:
      return convert(code, frac_bits, layer, plant);
    case ActivationFunction::relu:
      return convert(code > 0 ? code : 0, frac_bits, layer, plant);
    case ActivationFunction::hard_tanh: {
      Wide one = doubled(1, frac_bits);
      return convert(std::min(std::max(code, -one), one), frac_bits, layer, plant);
    }
    case ActivationFunction::hard_sigmoid: {
      // (x + 1) / 2 keeps its last bit by having one fraction bit more.
      Wide one = doubled(1, frac_bits);
      Wide twice = std::min(std::max<Wide>(code + one, 0), one + one);
      return convert(twice, frac_bits + 1, layer, plant);
    }
    case ActivationFunction::leaky_relu: {
      if (plant == Plant::slope_cuts_first && code < 0) {
        Wide cut = divide(code * layer.slope, doubled(1, layer.slope_shift), core::Rounding::floor);
        return convert(cut, frac_bits, layer);
      }
      Wide sloped = code >= 0 ? doubled(code, layer.slope_shift) : code * layer.slope;
      return convert(sloped, frac_bits + layer.slope_shift, layer, plant);
    }
  }
  throw std::logic_error("an activation function without a naive twin");
}

Tensor threshold(const Context& context, const Layer& layer, const Tensor& x) {
  Stored thresholds = context.stored(layer.thresholds);
  int rows = thresholds.parameter->shape[0], count = thresholds.parameter->shape[1];
  Wide step = (Wide{layer.high} - layer.low) / count;
  if (context.plant == Plant::threshold_unscaled) step = 1;
  int channels = x.shape.back();
  Tensor y = empty_like(x.shape, fraction_of(layer.format));
  for (size_t i = 0; i < x.codes.size(); ++i) {
    int row = rows == 1 ? 0 : static_cast<int>(i) % channels;
    Wide reached = 0;
    for (int j = 0; j < count; ++j) {
      Wide least = thresholds.at(int64_t{row} * count + j);
      bool counts = context.plant == Plant::threshold_above ? x.codes[i] > least : x.codes[i] >= least;
      if (!counts && context.plant == Plant::threshold_stops) break;
      if (counts) reached += 1;
    }
    y.codes[i] = layer.low + step * reached;
  }
  return y;
}

Tensor compute(const Context& context, const Layer& layer, const std::vector<const Tensor*>& in) {
  switch (layer.kind) {
    case LayerKind::dense:
      return dense(context, layer, *in[0]);
    case LayerKind::conv2d:
      return conv2d(context, layer, *in[0]);
    case LayerKind::max_pool:
      return max_pool(layer, *in[0]);
    case LayerKind::average_pool:
      return average_pool(layer, *in[0], context.plant);
    case LayerKind::sum_pool:
      return sum_pool(layer, *in[0], context.plant);
    case LayerKind::conv2d_transpose:
      return conv2d_transpose(context, layer, *in[0]);
    case LayerKind::upsample:
      return upsample(layer, *in[0], context.plant);
    case LayerKind::threshold:
      return threshold(context, layer, *in[0]);
    case LayerKind::global_average_pool:
      return global_average_pool(*in[0], context.plant);
    case LayerKind::affine:
      return affine(context, layer, *in[0]);
    case LayerKind::add:
      return add(in);
    case LayerKind::concatenate:
      return concatenate(in);
    case LayerKind::flatten:
      return {{static_cast<int>(in[0]->codes.size())}, in[0]->frac_bits, in[0]->codes};
    case LayerKind::reshape:
      return {layer.shape, in[0]->frac_bits, in[0]->codes};
    case LayerKind::softmax:
      return *in[0];
    case LayerKind::activation: {
      Tensor y{in[0]->shape, fraction_of(layer.format), {}};
      for (Wide code : in[0]->codes)
        y.codes.push_back(activate(code, in[0]->frac_bits, layer, context.plant));
      return y;
    }
    case LayerKind::input:
      break;
  }
  throw std::logic_error("a layer kind without a naive twin");
}

}  // namespace

std::vector<Tensor> infer(const Model& model, std::span<const std::vector<int32_t>> parameters,
                          std::span<const int32_t> sample, Plant plant) {
  Context context{model, parameters, plant};
  std::vector<Tensor> tensors;
  for (const Layer& layer : model.layers()) {
    if (layer.kind == LayerKind::input) {
      tensors.push_back({layer.shape, fraction_of(layer.format), {sample.begin(), sample.end()}, layer.unit});
      continue;
    }
    std::vector<const Tensor*> inputs;
    for (int input : layer.inputs) inputs.push_back(&tensors[static_cast<size_t>(input)]);
    tensors.push_back(compute(context, layer, inputs));
    tensors.back().unit = layer.unit;
  }
  return tensors;
}

const Tensor& scored(const std::vector<Tensor>& tensors) { return tensors.back(); }

}  // namespace netsurf::naive
