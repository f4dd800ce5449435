// Writing a model's layers as an ONNX graph, one pattern of nodes per layer. Internal to models/qonnx;
// docs/model-file.md lists the patterns.
#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"
#include "models/qonnx/onnx_property.h"
#include "models/qonnx/onnx_quant_writer.h"
#include "models/qonnx/onnx_writer.h"

namespace netsurf {

class OnnxModelWriter {
 public:
  /// Throws InputError as model_to_onnx does. References must outlive the writer.
  OnnxModelWriter(const Model& model, bool is_strict, onnx::GraphProto& graph)
      : model_(model), writer_(graph), quantized_(model, is_strict, writer_, property_) {}

  void write();

  const OnnxProperty& property() const { return property_; }
  bool needs_dilated_average() const { return needs_dilated_average_; }

 private:
  using Dims = std::vector<int64_t>;

  /// A layer's output in the graph. Images come out of layers in one of two orders; the other is made when
  /// somebody asks.
  struct Written {
    std::string tensor;
    bool channels_first = false;  // [N, c, h, w] rather than [N, h, w, c]; for images only
    std::string other_order;      // the transposed tensor, empty until made
  };

  // Tensors and their orders: onnx_model_writer.cc.
  bool is_image(int layer) const { return model_.type(layer).shape.size() == 3; }
  const Shape& parameter_shape(int index) const {
    return model_.parameters()[static_cast<size_t>(index)].shape;
  }
  const Written& input_written() const { return written_[static_cast<size_t>(layer_->inputs[0])]; }
  Dims dims_of(int layer, bool channels_first) const;
  std::string ordered(int layer, bool channels_first);
  std::string in_element_order(int layer);
  std::string helper(const std::string& suffix);
  std::string inner(const std::string& suffix, bool channels_first);
  const std::string& result(bool channels_first = false);
  std::string constant(const std::string& suffix, float value);
  std::string with_unit(const std::string& x, float unit);

  void write_layer();
  void write_input();
  void write_join();
  void write_flatten();
  void write_reshape();
  void write_softmax();

  // Layers with parameters or windows: onnx_model_writer_sums.cc.
  std::string channels(int index, bool channels_first);
  void set_window(onnx::NodeProto& node, bool has_dilations);
  Format average_format() const;
  void write_dense();
  void write_conv2d();
  void write_conv2d_transpose();
  void write_affine();
  void write_max_pool();
  void write_average_pool();
  void write_global_average_pool();
  void write_sum_pool();
  void write_upsample();

  // Layers that round: onnx_model_writer_rounding.cc.
  std::string clip(const std::string& prefix, const std::string& x, double low, double high,
                   bool channels_first);
  std::string write_function(bool channels_first);
  std::string write_range(const std::string& x, bool is_narrow, bool channels_first);
  std::string write_tie(const std::string& x, bool channels_first);
  void write_rounding(std::string x, bool channels_first);
  void write_activation();
  void write_threshold();

  const Model& model_;
  OnnxWriter writer_;
  OnnxProperty property_;
  OnnxQuantWriter quantized_;
  std::vector<Written> written_;  // of the layers done so far
  int at_ = 0;
  const Layer* layer_ = nullptr;
  bool needs_dilated_average_ = false;
};

}  // namespace netsurf
