// The graph under construction, and what one layer's builder sees of its surroundings.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/foreign/graph.h"
#include "models/keras/config.h"
#include "models/keras/weights.h"

namespace netsurf::keras {

/// What a layer puts out. `sizes` are Keras's, without the batch: [features], [steps, channels] (an image of
/// height 1) or [height, width, channels].
struct Tensor {
  int node = -1;
  std::vector<int> sizes;
  std::array<int, 4> padding = {0, 0, 0, 0};  // zeros still to be put around it: top, bottom, left, right
  std::string padded_by;                      // the layer that asked for them
};

/// The image or vector that stands for a Keras shape in the graph. Throws FormatError starting with `where`
/// for ranks other than 1 to 3, sizes below 1, and more than 2^28 elements.
Shape engine_shape(const std::vector<int>& sizes, const std::string& where);

class Builder {
 public:
  Builder(const Weights& weights, int keras_major) : weights_(weights), keras_major_(keras_major) {}

  foreign::Graph graph;

  const Weights& weights() const { return weights_; }
  int keras_major() const { return keras_major_; }
  /// Adds a node; its name must be new. Returns its index. Throws FormatError for a name in use, and above
  /// 2^28 stored numbers.
  int add(foreign::Node node);
  /// Counts one call of a layer. Throws FormatError above 100,000: nested models can call each other that
  /// often in a few bytes.
  void count_call();
  /// Adds a line to the graph's assumptions, once.
  void assume(const std::string& line);

 private:
  const Weights& weights_;
  int keras_major_;
  int calls_ = 0;
  size_t numbers_ = 0;
  std::set<std::string> names_, assumed_;
};

/// One call of one layer.
class LayerCall {
 public:
  LayerCall(Builder& builder, const LayerConfig& layer, std::string name, std::vector<Tensor> inputs,
            const WeightPlace& place);

  Builder& builder;
  const LayerConfig& layer;
  Attributes config;

  const std::string& name() const { return name_; }
  const std::string& where() const { return config.where(); }
  /// The one tensor it reads. Throws FormatError when there are more or fewer, or zeros are still to be put
  /// around it.
  const Tensor& input() const;
  /// The same, for layers that can take the zeros into their window.
  const Tensor& padded_input() const;
  /// Two or more tensors.
  const std::vector<Tensor>& inputs() const;

  /// Adds a node that reads `from`. The first node of a layer has the layer's name, the others that name, "/"
  /// and `part`.
  Tensor append(const std::vector<Tensor>& from, foreign::Node node, std::string_view part,
                std::vector<int> sizes);
  Tensor append(const Tensor& from, foreign::Node node, std::string_view part) {
    return append({from}, std::move(node), part, from.sizes);
  }
  /// A stored tensor: see Weights::find. Values are finite.
  const StoredTensor& weight(const std::string& attribute, int number, std::vector<int64_t> sizes,
                             const std::string& child = "") const;

  void assume(const std::string& line) { builder.assume(where() + ": " + line); }
  [[noreturn]] void fail(std::string_view attribute, const std::string& problem) const {
    config.fail(attribute, problem);
  }

 private:
  std::string name_;
  std::vector<Tensor> inputs_;
  WeightPlace place_;
  bool named_ = false;
};

foreign::Node node_of(foreign::Op op);

}  // namespace netsurf::keras
