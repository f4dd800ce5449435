#include "models/keras/builder.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace netsurf::keras {
namespace {

std::vector<int64_t> wide(const std::vector<int>& sizes) { return {sizes.begin(), sizes.end()}; }

}  // namespace

Shape engine_shape(const std::vector<int>& sizes, const std::string& where) {
  constexpr int64_t kMostElements = int64_t{1} << 28;
  if (sizes.empty() || sizes.size() > 3) {
    throw FormatError(where + ": a tensor has the shape " + shape_of(wide(sizes)) +
                      " without the batch; NetSurf takes one to three dimensions");
  }
  if (std::any_of(sizes.begin(), sizes.end(), [](int size) { return size < 1; }) ||
      num_elements(sizes) > kMostElements) {
    throw FormatError(where + ": a tensor has the shape " + shape_of(wide(sizes)) + ", expected 1 to " +
                      std::to_string(kMostElements) + " elements");
  }
  if (sizes.size() == 2) return {1, sizes[0], sizes[1]};
  return sizes;
}

int Builder::add(foreign::Node node) {
  if (!names_.insert(node.name).second) throw FormatError("two layers are called " + quote(node.name));
  constexpr size_t kMostNumbers = size_t{1} << 28;
  if (node.constant) numbers_ += node.constant->values.size() + node.constant->codes.size();
  if (numbers_ > kMostNumbers) {
    throw FormatError("more than " + std::to_string(kMostNumbers) +
                      " parameters, counting shared ones at each use");
  }
  graph.nodes.push_back(std::move(node));
  return static_cast<int>(graph.nodes.size()) - 1;
}

void Builder::count_call() {
  constexpr int kMostCalls = 100000;
  if (++calls_ > kMostCalls)
    throw FormatError("more than " + std::to_string(kMostCalls) + " calls of layers");
}

void Builder::assume(const std::string& line) {
  if (assumed_.insert(line).second) graph.assumptions.push_back(line);
}

LayerCall::LayerCall(Builder& builder_, const LayerConfig& layer_, std::string name,
                     std::vector<Tensor> inputs, const WeightPlace& place)
    : builder(builder_),
      layer(layer_),
      config(layer_.config, layer_.label()),
      name_(std::move(name)),
      inputs_(std::move(inputs)),
      place_(place) {}

const Tensor& LayerCall::padded_input() const {
  if (inputs_.size() != 1) {
    throw FormatError(where() + ": reads " + std::to_string(inputs_.size()) + " tensors, expected one");
  }
  return inputs_[0];
}

const Tensor& LayerCall::input() const {
  const Tensor& tensor = padded_input();
  if (!tensor.padded_by.empty()) {
    throw FormatError(
        where() + ": reads " + quote(tensor.padded_by) +
        ", whose zeros NetSurf takes only into the window of a convolution or an average pool after it");
  }
  return tensor;
}

const std::vector<Tensor>& LayerCall::inputs() const {
  if (inputs_.size() < 2) {
    throw FormatError(where() + ": reads " + std::to_string(inputs_.size()) +
                      " tensors, expected two or more");
  }
  for (const Tensor& tensor : inputs_) {
    if (!tensor.padded_by.empty()) {
      throw FormatError(where() + ": reads " + quote(tensor.padded_by) + ", whose zeros it cannot take in");
    }
  }
  return inputs_;
}

Tensor LayerCall::append(const std::vector<Tensor>& from, foreign::Node node, std::string_view part,
                         std::vector<int> sizes) {
  engine_shape(sizes, where());
  node.name = named_ ? name_ + "/" + std::string(part) : name_;
  named_ = true;
  for (const Tensor& tensor : from) node.inputs.push_back(tensor.node);
  Tensor out;
  out.node = builder.add(std::move(node));
  out.sizes = std::move(sizes);
  return out;
}

const StoredTensor& LayerCall::weight(const std::string& attribute, int number, std::vector<int64_t> sizes,
                                      const std::string& child) const {
  const StoredTensor& tensor = builder.weights().find(place_, where(), attribute, number, sizes, child);
  if (!std::all_of(tensor.values.begin(), tensor.values.end(),
                   [](float value) { return std::isfinite(value); })) {
    throw FormatError(where() + ": " + attribute + " holds a value that is not finite");
  }
  return tensor;
}

foreign::Node node_of(foreign::Op op) {
  foreign::Node node;
  node.op = op;
  return node;
}

}  // namespace netsurf::keras
