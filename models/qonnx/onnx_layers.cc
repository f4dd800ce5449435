#include "models/qonnx/onnx_layers.h"

#include <algorithm>

#include "models/qonnx/onnx_quant_node.h"

namespace netsurf {
namespace {

constexpr int64_t kMaxSide = 1 << 20;        // of an image
constexpr int64_t kMaxElements = INT32_MAX;  // of one sample at any layer

}  // namespace

const LayerOutput& OnnxLayers::output(const onnx::NodeProto& node, const std::string& tensor) const {
  auto found = outputs_.find(tensor);
  if (found == outputs_.end()) {
    graph_.refuse(node, "reads tensor " + in_quotes(tensor) +
                            " where the output of a layer is expected; it is a constant, a stored parameter "
                            "or inside another pattern");
  }
  return found->second;
}

LayerOutput OnnxLayers::image(const onnx::NodeProto& node, const std::string& tensor) const {
  const LayerOutput& found = output(node, tensor);
  if (found.order != AxisOrder::channels_first) {
    graph_.refuse(node,
                  "reads " + shape_text(shape_of(found)) +
                      (found.order == AxisOrder::one_pixel ? " behind a global average" : "") +
                      ", expected an image with channels first; put a Transpose [0, 3, 1, 2] in front of it");
  }
  return found;
}

LayerOutput OnnxLayers::plain(const onnx::NodeProto& node, const std::string& tensor) const {
  const LayerOutput& found = output(node, tensor);
  if (found.order != AxisOrder::channels_last) {
    graph_.refuse(node, "reads " + shape_text(shape_of(found)) +
                            " with channels first, expected channels last or a vector");
  }
  return found;
}

LayerOutput OnnxLayers::elements(const onnx::NodeProto& node, const std::string& tensor) const {
  const LayerOutput& found = output(node, tensor);
  const Shape& shape = shape_of(found);
  bool same_either_way = shape.size() == 3 && (shape[2] == 1 || (shape[0] == 1 && shape[1] == 1));
  if (found.order == AxisOrder::channels_first && same_either_way)
    return {found.layer, AxisOrder::channels_last};
  return plain(node, tensor);
}

void OnnxLayers::check_last() const {
  const std::string& tensor = graph_.output();
  auto found = outputs_.find(tensor);
  if (found == outputs_.end()) graph_.refuse("has output " + in_quotes(tensor) + ", which no layer gives");
  if (found->second.order == AxisOrder::channels_first) {
    graph_.refuse("puts out an image with channels first; put a Transpose [0, 2, 3, 1] behind it");
  }
  for (const Layer& layer : layers_) {
    if (std::find(layer.inputs.begin(), layer.inputs.end(), found->second.layer) == layer.inputs.end())
      continue;
    graph_.refuse("has output " + in_quotes(tensor) + ", which other layers read; expected the last layer");
  }
}

void OnnxLayers::check_shape(const onnx::NodeProto& node, const std::vector<int64_t>& sizes) const {
  int64_t count = 1;
  for (int64_t size : sizes) {
    if (size < 1 || size > kMaxElements || count > kMaxElements / size) {
      graph_.refuse(node, "would put out a sample of more than 2^31 elements, or none");
    }
    count *= size;
  }
  if (sizes.size() == 3 && std::max(sizes[0], sizes[1]) > kMaxSide) {
    graph_.refuse(node, "would put out an image of a side over 2^20");
  }
}

void OnnxLayers::add(const onnx::NodeProto& last, Layer layer, const std::vector<int64_t>& sizes,
                     AxisOrder order) {
  check_shape(last, sizes);
  if (layers_.size() >= kMaxModelLayers)
    graph_.refuse("has more than " + std::to_string(kMaxModelLayers) + " layers");
  const std::string& tensor = last.output(0);
  auto named = property_.names.extract(tensor);
  layer.name = named.empty() ? tensor : named.mapped();
  outputs_[tensor] = {static_cast<int>(layers_.size()), order};
  shapes_.emplace_back(sizes.begin(), sizes.end());
  layers_.push_back(std::move(layer));
}

void OnnxLayers::add_alike(const onnx::NodeProto& last, Layer layer, const LayerOutput& like) {
  const Shape& shape = shape_of(like);
  add(last, std::move(layer), std::vector<int64_t>(shape.begin(), shape.end()), like.order);
}

const onnx::NodeProto* OnnxLayers::follow(const onnx::NodeProto& node, std::string_view op) const {
  const onnx::NodeProto* next = graph_.only_reader(node.output(0));
  if (next == nullptr || is_read(*next)) return nullptr;
  bool reads_first = op == "Add" || next->input(0) == node.output(0);
  return reads_first && (op == "Quant" ? is_quant(*next) : is_op(*next, op)) ? next : nullptr;
}

const onnx::NodeProto& OnnxLayers::expect_next(const onnx::NodeProto& node, std::string_view op) {
  const onnx::NodeProto* next = follow(node, op);
  if (next == nullptr) {
    graph_.refuse(node, "is not followed by " + std::string(op) + " alone, as the pattern it begins asks");
  }
  mark_read(*next);
  return *next;
}

}  // namespace netsurf
