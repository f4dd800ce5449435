#include "tests/reference/naive_inference.h"

#include <algorithm>
#include <stdexcept>

namespace netsurf::naive {
namespace {

Wide doubled(Wide code, int times) {
  for (int i = 0; i < times; ++i) code = code + code;
  return code;
}

int fraction_of(const Format& format) {
  return format.bits - format.integer_bits - (format.is_signed ? 1 : 0);
}

Wide smallest(const Format& format) { return format.is_signed ? -doubled(1, format.bits - 1) : 0; }

Wide largest(const Format& format) {
  return doubled(1, format.is_signed ? format.bits - 1 : format.bits) - 1;
}

/// A parameter as a layer sees it: codes and fraction bits; absent ones are zero everywhere.
struct Stored {
  const std::vector<int32_t>* codes = nullptr;
  const Parameter* parameter = nullptr;

  bool present() const { return parameter != nullptr; }
  int frac_bits() const { return fraction_of(parameter->format); }
  Wide at(int64_t element) const { return (*codes)[static_cast<size_t>(element)]; }
};

struct Context {
  const Model& model;
  std::span<const std::vector<int32_t>> parameters;
  Plant plant;

  Stored stored(int index) const {
    if (index < 0) return {};
    return {&parameters[static_cast<size_t>(index)], &model.parameters()[static_cast<size_t>(index)]};
  }
};

int64_t count(const Shape& shape) {
  int64_t product = 1;
  for (int size : shape) product *= size;
  return product;
}

Tensor empty_like(Shape shape, int frac_bits) {
  Tensor tensor{std::move(shape), frac_bits, {}};
  tensor.codes.assign(static_cast<size_t>(count(tensor.shape)), 0);
  return tensor;
}

/// product x 2^-product_frac + term x 2^-term_frac, as a code with the finer of the two steps.
Wide finest_sum(Wide product, int product_frac, const Stored& term, int64_t element, Plant plant) {
  if (!term.present()) return product;
  int finest = std::max(product_frac, term.frac_bits());
  int term_shift = plant == Plant::bias_unaligned ? 0 : finest - term.frac_bits();
  return doubled(product, finest - product_frac) + doubled(term.at(element), term_shift);
}

int finest_fraction(int product_frac, const Stored& term) {
  return term.present() ? std::max(product_frac, term.frac_bits()) : product_frac;
}

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

/// How many windows fit along one axis: starts at -pad_before and steps by the stride while its last tap is
/// in reach.
int windows_along(int in, int taps, int stride, int dilation, int pad_before, int pad_after) {
  int windows = 0;
  for (int start = -pad_before; start + dilation * (taps - 1) < in + pad_after; start += stride) ++windows;
  return windows;
}

/// The output plane of a window layer and the visits that make it up.
struct Plane {
  int in_height, in_width, out_height, out_width;
  Window window;

  Plane(const Tensor& x, const Window& w)
      : in_height(x.shape[0]),
        in_width(x.shape[1]),
        out_height(windows_along(x.shape[0], w.height, w.stride_y, w.dilation_y, w.pad_top, w.pad_bottom)),
        out_width(windows_along(x.shape[1], w.width, w.stride_x, w.dilation_x, w.pad_left, w.pad_right)),
        window(w) {}

  /// visit(i, j, row, column) for each tap (i, j) of the window at (y, x) that lies inside the image.
  template <class Visit>
  void visit_inside(int y, int x, int raised, Visit visit) const {
    for (int i = 0; i < window.height; ++i) {
      for (int j = 0; j < window.width; ++j) {
        int row = y * window.stride_y - window.pad_top - raised + i * window.dilation_y;
        int column = x * window.stride_x - window.pad_left + j * window.dilation_x;
        if (row >= 0 && row < in_height && column >= 0 && column < in_width) visit(i, j, row, column);
      }
    }
  }
};

Wide pixel(const Tensor& x, int row, int column, int channel) {
  return x.codes[static_cast<size_t>((row * x.shape[1] + column) * x.shape[2] + channel)];
}

Tensor conv2d(const Context& context, const Layer& layer, const Tensor& x) {
  Stored kernel = context.stored(layer.kernel), bias = context.stored(layer.bias);
  const Shape& k = kernel.parameter->shape;  // [out, kh, kw, in / groups]
  int outs = k[0], ins_of_group = k[3], outs_of_group = outs / layer.groups;
  int product_frac = x.frac_bits + kernel.frac_bits();
  Plane plane(x, layer.window);
  int raised = context.plant == Plant::pad_one_lower && layer.window.pad_top > 0 ? 1 : 0;
  Tensor y = empty_like({plane.out_height, plane.out_width, outs}, finest_fraction(product_frac, bias));
  size_t next = 0;
  for (int row = 0; row < plane.out_height; ++row) {
    for (int column = 0; column < plane.out_width; ++column) {
      for (int o = 0; o < outs; ++o) {
        Wide sum = 0;
        int first_in = o / outs_of_group * ins_of_group;
        plane.visit_inside(row, column, raised, [&](int i, int j, int r, int c) {
          for (int in = 0; in < ins_of_group; ++in) {
            int64_t element = ((int64_t{o} * k[1] + i) * k[2] + j) * k[3] + in;
            sum += kernel.at(element) * pixel(x, r, c, first_in + in);
          }
        });
        y.codes[next++] = finest_sum(sum, product_frac, bias, o, context.plant);
      }
    }
  }
  return y;
}

Tensor max_pool(const Layer& layer, const Tensor& x) {
  Plane plane(x, layer.window);
  Tensor y = empty_like({plane.out_height, plane.out_width, x.shape[2]}, x.frac_bits);
  size_t next = 0;
  for (int row = 0; row < plane.out_height; ++row) {
    for (int column = 0; column < plane.out_width; ++column) {
      for (int channel = 0; channel < x.shape[2]; ++channel) {
        std::vector<Wide> seen;
        plane.visit_inside(row, column, 0,
                           [&](int, int, int r, int c) { seen.push_back(pixel(x, r, c, channel)); });
        y.codes[next++] = *std::max_element(seen.begin(), seen.end());
      }
    }
  }
  return y;
}

Tensor average_pool(const Layer& layer, const Tensor& x, Plant plant) {
  Plane plane(x, layer.window);
  Tensor y = empty_like({plane.out_height, plane.out_width, x.shape[2]}, x.frac_bits);
  size_t next = 0;
  for (int row = 0; row < plane.out_height; ++row) {
    for (int column = 0; column < plane.out_width; ++column) {
      for (int channel = 0; channel < x.shape[2]; ++channel) {
        Wide sum = 0;
        int inside = 0;
        plane.visit_inside(row, column, 0, [&](int, int, int r, int c) {
          sum += pixel(x, r, c, channel);
          ++inside;
        });
        int divisor = plant == Plant::padding_counts ? layer.window.height * layer.window.width : inside;
        y.codes[next++] = divide_half_even(sum, divisor, plant);
      }
    }
  }
  return y;
}

Tensor global_average_pool(const Tensor& x, Plant plant) {
  int channels = x.shape[2];
  Tensor y = empty_like({channels}, x.frac_bits);
  for (int channel = 0; channel < channels; ++channel) {
    Wide sum = 0;
    for (int row = 0; row < x.shape[0]; ++row) {
      for (int column = 0; column < x.shape[1]; ++column) sum += pixel(x, row, column, channel);
    }
    y.codes[static_cast<size_t>(channel)] = divide_half_even(sum, x.shape[0] * x.shape[1], plant);
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
      return convert(code, frac_bits, layer.format, plant);
    case ActivationFunction::relu:
      return convert(code > 0 ? code : 0, frac_bits, layer.format, plant);
    case ActivationFunction::hard_tanh: {
      Wide one = doubled(1, frac_bits);
      return convert(std::min(std::max(code, -one), one), frac_bits, layer.format, plant);
    }
    case ActivationFunction::hard_sigmoid: {
      // (x + 1) / 2 keeps its last bit by having one fraction bit more.
      Wide one = doubled(1, frac_bits);
      Wide twice = std::min(std::max<Wide>(code + one, 0), one + one);
      return convert(twice, frac_bits + 1, layer.format, plant);
    }
  }
  throw std::logic_error("an activation function without a naive twin");
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

Wide divide_half_even(Wide numerator, Wide denominator, Plant plant) {
  Wide floor = numerator / denominator;
  if (floor * denominator > numerator) floor -= 1;
  Wide twice_rest = 2 * (numerator - floor * denominator);
  if (twice_rest < denominator) return floor;
  if (twice_rest > denominator) return floor + 1;
  if (plant == Plant::ties_away) return numerator < 0 ? floor : floor + 1;
  return floor % 2 == 0 ? floor : floor + 1;
}

Wide convert(Wide code, int from_frac_bits, const Format& to, Plant plant) {
  int places = fraction_of(to) - from_frac_bits;
  Wide low = smallest(to), high = largest(to);
  Wide beyond = doubled(1, 100);
  // Past 2^100 a code stays outside every format however often it is doubled.
  for (; places > 0 && code < beyond && code > -beyond; --places) code = code + code;
  if (places < -120) code = 0;
  if (places < 0 && places >= -120) code = divide_half_even(code, doubled(1, -places), plant);
  if (plant == Plant::wraps) {
    Wide span = high - low + 1;
    return low + (((code - low) % span) + span) % span;
  }
  return std::min(std::max(code, low), high);
}

std::vector<Tensor> infer(const Model& model, std::span<const std::vector<int32_t>> parameters,
                          std::span<const int32_t> sample, Plant plant) {
  Context context{model, parameters, plant};
  std::vector<Tensor> tensors;
  for (const Layer& layer : model.layers()) {
    if (layer.kind == LayerKind::input) {
      tensors.push_back({layer.shape, fraction_of(layer.format), {sample.begin(), sample.end()}});
      continue;
    }
    std::vector<const Tensor*> inputs;
    for (int input : layer.inputs) inputs.push_back(&tensors[static_cast<size_t>(input)]);
    tensors.push_back(compute(context, layer, inputs));
  }
  return tensors;
}

const Tensor& scored(const std::vector<Tensor>& tensors) { return tensors.back(); }

}  // namespace netsurf::naive
