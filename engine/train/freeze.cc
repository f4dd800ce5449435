#include "engine/train/freeze.h"

#include <utility>

namespace netsurf {
namespace {

class Freezer {
 public:
  explicit Freezer(const Network& network) : network_(network) {}

  void add(const Node& node) {
    if (node.vanishes) {
      layer_of_.push_back(layer_of_[static_cast<size_t>(node.inputs[0])]);
      return;
    }
    Layer layer;
    layer.name = node.name;
    layer.kind = node.frozen;
    for (int input : node.inputs) layer.inputs.push_back(layer_of_[static_cast<size_t>(input)]);
    switch (node.frozen) {
      case LayerKind::input:
        layer.format = node.format;
        layer.shape = node.shape;
        break;
      case LayerKind::dense:
      case LayerKind::conv2d:
        add_weights(node, layer);
        break;
      case LayerKind::affine:
        add_affine(node, layer);
        break;
      case LayerKind::activation:
        layer.format = node.format;
        layer.function = node.function;
        break;
      case LayerKind::reshape:
        layer.shape = node.shape;
        break;
      default:
        break;
    }
    if (node.frozen == LayerKind::conv2d || node.frozen == LayerKind::max_pool ||
        node.frozen == LayerKind::average_pool) {
      layer.window = node.window;
      layer.groups = node.groups;
    }
    layer_of_.push_back(static_cast<int>(layers_.size()));
    layers_.push_back(std::move(layer));
  }

  Model build(const std::string& name, std::map<std::string, std::string> notes, float output_unit) {
    layers_.back().unit = output_unit;
    return Model::build(name, std::move(layers_), std::move(parameters_), std::move(notes));
  }

 private:
  int add_parameter(const std::string& name, Shape shape, const Format& format,
                    const std::vector<float>& values) {
    Parameter parameter;
    parameter.name = name;
    parameter.shape = std::move(shape);
    parameter.format = format;
    for (float value : values) parameter.codes.push_back(quantize(static_cast<double>(value), format));
    parameters_.push_back(std::move(parameter));
    return static_cast<int>(parameters_.size()) - 1;
  }

  void add_weights(const Node& node, Layer& layer) {
    const Tensor& kernel = network_.tensors()[static_cast<size_t>(node.kernel)];
    layer.kernel = add_parameter(node.name + "/kernel", kernel.shape, node.format, kernel.value);
    parameters_.back().pruned = kernel.pruned;
    if (node.bias < 0) return;
    const Tensor& bias = network_.tensors()[static_cast<size_t>(node.bias)];
    const int frac_bits = node.format.frac_bits();
    const int asked = network_.options().bias_bits;
    const int bits = asked == 0 ? kMaxParameterBits : asked;
    Format format{bits, bits - 1 - frac_bits, true};
    if (asked == 0) {
      std::vector<int32_t> codes;
      for (float value : bias.value) codes.push_back(quantize(static_cast<double>(value), format));
      format = Format::with_step(codes, frac_bits, node.format.bits);
    }
    layer.bias = add_parameter(node.name + "/bias", bias.shape, format, bias.value);
  }

  void add_affine(const Node& node, Layer& layer) {
    std::vector<float> scale, shift;
    network_.affine_of(node, scale, shift);
    const int bits = network_.options().affine_bits;
    const Shape shape{static_cast<int>(scale.size())};
    layer.scale = add_parameter(node.name + "/scale", shape, Format::fit(scale, bits), scale);
    layer.shift = add_parameter(node.name + "/shift", shape, Format::fit(shift, bits), shift);
  }

  const Network& network_;
  std::vector<int> layer_of_;  // of each node
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
};

}  // namespace

Model freeze(const Network& network, const std::string& name, std::map<std::string, std::string> notes,
             float output_unit) {
  Freezer freezer(network);
  for (const Node& node : network.nodes()) freezer.add(node);
  return freezer.build(name, std::move(notes), output_unit);
}

}  // namespace netsurf
