#include "engine/model/benchmark.h"

#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 28;

const Shape& image(const LayerSpec& spec, const Shape& input) {
  if (input.size() != 3) {
    throw InputError(std::string(name_of(spec.kind)) + " reads shape " + shape_text(input) +
                     ", expected height x width x channels; a reshape layer can make one");
  }
  return input;
}

Shape window_shape(const LayerSpec& spec, const Shape& input, int channels) {
  Window window = resolve_window(spec, input);
  int height = window.out_height(input[0]), width = window.out_width(input[1]);
  if (height < 1 || width < 1) {
    throw InputError("a window of " + std::to_string(window.height) + "x" + std::to_string(window.width) +
                     " does not fit into " + shape_text(input) + "; use a smaller kernel or padding=same");
  }
  return {height, width, channels};
}

Shape joined_shape(const LayerSpec& spec, std::span<const Shape> inputs) {
  if (inputs.size() < 2) {
    throw InputError(std::string(name_of(spec.kind)) + " has " + std::to_string(inputs.size()) +
                     " input, expected two or more: from=a,b");
  }
  Shape joined = inputs[0];
  for (const Shape& each : inputs.subspan(1)) {
    bool fits = each.size() == joined.size();
    size_t same = joined.size() - (spec.kind == SpecKind::concatenate ? 1 : 0);
    for (size_t i = 0; fits && i < same; ++i) fits = each[i] == joined[i];
    if (!fits) {
      throw InputError(std::string(name_of(spec.kind)) + " joins shapes " + shape_text(inputs[0]) + " and " +
                       shape_text(each) + ", expected equal ones" +
                       (spec.kind == SpecKind::concatenate ? " up to the last axis" : ""));
    }
    if (spec.kind == SpecKind::concatenate) {
      if (int64_t{joined.back()} + each.back() > kMaxElements)
        throw InputError("concatenate makes an axis above 2^28");
      joined.back() += each.back();
    }
  }
  return joined;
}

int64_t kernel_size(const LayerSpec& spec, const Shape& input, const Shape& output) {
  if (spec.kind == SpecKind::dense) return num_elements(input) * spec.units;
  int64_t per_channel = spec.kind == SpecKind::conv2d ? input[2] / spec.groups : 1;
  return int64_t{output.back()} * spec.window.height * spec.window.width * per_channel;
}

}  // namespace

Window resolve_window(const LayerSpec& spec, const Shape& input) {
  Window window = spec.window;
  if (spec.same_padding) window.pad_same(input[0], input[1]);
  return window;
}

Shape output_shape(const LayerSpec& spec, std::span<const Shape> inputs) {
  if (inputs.empty()) throw InputError(std::string(name_of(spec.kind)) + " has no input");
  if (spec.kind == SpecKind::add || spec.kind == SpecKind::concatenate) return joined_shape(spec, inputs);
  if (inputs.size() != 1) {
    throw InputError(std::string(name_of(spec.kind)) + " has " + std::to_string(inputs.size()) +
                     " inputs, expected one");
  }
  const Shape& input = inputs[0];
  switch (spec.kind) {
    case SpecKind::dense:
      if (input.size() != 1) {
        throw InputError("dense reads shape " + shape_text(input) +
                         ", expected one axis; put a flatten layer in front");
      }
      return {spec.units};
    case SpecKind::conv2d: {
      int channels = image(spec, input)[2];
      if (channels % spec.groups != 0 || spec.units % spec.groups != 0) {
        throw InputError("conv2d splits " + std::to_string(channels) + " channels and " +
                         std::to_string(spec.units) + " filters into " + std::to_string(spec.groups) +
                         " groups, expected a divisor of both");
      }
      return window_shape(spec, input, spec.units);
    }
    case SpecKind::depthwise_conv2d:
    case SpecKind::max_pool:
    case SpecKind::average_pool:
      return window_shape(spec, image(spec, input), input[2]);
    case SpecKind::global_average_pool:
      return {image(spec, input)[2]};
    case SpecKind::flatten:
      return {static_cast<int>(num_elements(input))};
    case SpecKind::reshape:
      if (num_elements(spec.shape) != num_elements(input)) {
        throw InputError("reshape of " + shape_text(input) + " (" + std::to_string(num_elements(input)) +
                         " elements) to " + shape_text(spec.shape) + " (" +
                         std::to_string(num_elements(spec.shape)) + "), expected as many");
      }
      return spec.shape;
    case SpecKind::softmax:
      if (input.size() != 1)
        throw InputError("softmax reads shape " + shape_text(input) + ", expected one axis of classes");
      return input;
    default:
      return input;
  }
}

std::vector<Shape> output_shapes(const Benchmark& benchmark) {
  std::vector<Shape> shapes;
  for (const LayerSpec& spec : benchmark.layers) {
    std::vector<Shape> inputs;
    for (int input : spec.inputs) {
      inputs.push_back(input == kNetworkInput ? benchmark.input_shape : shapes[static_cast<size_t>(input)]);
    }
    try {
      shapes.push_back(output_shape(spec, inputs));
      if (num_elements(shapes.back()) > kMaxElements)
        throw InputError("puts out more than 2^28 elements per sample");
    } catch (const InputError& error) {
      throw InputError("layer \"" + spec.name + "\": " + error.what());
    }
  }
  return shapes;
}

int64_t num_trainable(const Benchmark& benchmark) {
  std::vector<Shape> shapes = output_shapes(benchmark);
  int64_t count = 0;
  for (size_t i = 0; i < benchmark.layers.size(); ++i) {
    const LayerSpec& spec = benchmark.layers[i];
    int channels = shapes[i].back();
    switch (spec.kind) {
      case SpecKind::dense:
      case SpecKind::conv2d:
      case SpecKind::depthwise_conv2d: {
        int from = spec.inputs[0];
        const Shape& input =
            from == kNetworkInput ? benchmark.input_shape : shapes[static_cast<size_t>(from)];
        count += kernel_size(spec, input, shapes[i]) + (spec.has_bias ? channels : 0);
        break;
      }
      case SpecKind::alpha:
      case SpecKind::batch_norm:
        count += 2 * channels;
        break;
      default:
        break;
    }
  }
  return count;
}

Format format_of(const LayerSpec& spec, const Format& scheme) {
  if (spec.format) return *spec.format;
  switch (spec.kind) {
    case SpecKind::relu:
      return {scheme.bits, scheme.integer_bits, false};
    case SpecKind::bits:
      return {scheme.bits, scheme.integer_bits, true};
    case SpecKind::tanh:
      return {scheme.bits, 0, true};
    case SpecKind::hard_sigmoid:
      return {scheme.bits, 0, false};
    default:
      return scheme;
  }
}

}  // namespace netsurf
