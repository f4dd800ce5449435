// Finds layers in an ONNX graph, one pattern of nodes after the other. Internal to models/qonnx;
// onnx_network.h is its face, docs/model-file.md lists the patterns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "models/qonnx/onnx_layers.h"
#include "models/qonnx/onnx_network.h"
#include "models/qonnx/onnx_parameters.h"

namespace netsurf {

class OnnxNetworkReader {
 public:
  /// Arguments must outlive it.
  OnnxNetworkReader(const OnnxGraph& graph, OnnxProperty& property)
      : graph_(graph), property_(property), layers_(graph, property), parameters_(graph, property) {}

  OnnxNetwork read();

 private:
  using Node = onnx::NodeProto;
  using Numbers = std::vector<int64_t>;

  struct OpRow {
    std::string_view op;
    void (OnnxNetworkReader::*read)(const Node&);
  };
  /// The nodes that end in one rounding: at most a function's Clip and a range's, half a step more or less,
  /// Quant.
  struct Rounding {
    std::vector<std::pair<double, double>> clips;
    double summand = 0;
    const Node* quant = nullptr;
  };
  struct Average {
    const Node* quant;
    int layer;
    Format format;
  };

  // Wiring and layers that only move codes: onnx_network.cc.
  static const std::vector<OpRow>& ops();
  void read_node(const Node& node);
  static Layer layer_of(LayerKind kind, std::vector<int> inputs);
  void read_output_unit(const Node& mul);
  void add_join(const Node& node, LayerKind kind);
  void read_add(const Node& node);
  void read_concat(const Node& node);
  void expect_flatten(const Node& node) const;
  void read_flatten(const Node& node);
  void read_reshape(const Node& node);
  void read_transpose(const Node& node);
  void read_softmax(const Node& node);

  // Layers with parameters or windows: onnx_network_sums.cc.
  std::pair<std::string, std::string> operands(const Node& node) const;
  const Node* follow_stored_add(const Node& node);
  const Shape& kernel_shape(const Layer& layer);
  Numbers windowed(const Window& window, const Shape& in, int64_t channels) const;
  void read_affine(const Node& mul);
  void read_mul(const Node& node);
  void read_matmul(const Node& node);
  void read_conv(const Node& node);
  bool is_all_ones(const Node& node, const onnx::TensorProto& tensor);
  void read_sum_pool(const Node& node, const LayerOutput& x);
  void read_conv_transpose(const Node& node);
  void read_max_pool(const Node& node);
  void read_average_pool(const Node& node);
  void read_global_average_pool(const Node& node);
  void read_resize(const Node& node);
  void check_averages();

  // Layers that round: onnx_network_rounding.cc.
  bool is_constant(const std::string& tensor) const;
  float read_unit(const Node& node) const;
  const Node& next_of_rounding(const Node& node);
  Rounding follow_rounding(const Node& first);
  void set_range(Layer& layer, const Rounding& rounding, bool is_narrow) const;
  void set_rounding(Layer& layer, const Rounding& rounding);
  void add_activation(Layer layer, const Rounding& rounding, const LayerOutput& x);
  void read_input();
  void read_linear(const Node& node);
  void read_relu(const Node& node);
  void read_leaky_relu(const Node& node);
  void read_hard_sigmoid(const Node& node);
  void read_multi_threshold(const Node& node);

  const OnnxGraph& graph_;
  OnnxProperty& property_;
  OnnxLayers layers_;
  OnnxParameters parameters_;
  std::vector<Average> averages_;
  std::unordered_set<const onnx::TensorProto*> ones_;  // known to be all ones
  float softmax_unit_ = 1;
};

}  // namespace netsurf
