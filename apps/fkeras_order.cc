#include "apps/fkeras_order.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"

namespace netsurf {

FkerasOrder::FkerasOrder(const Model& model, bool with_biases) {
  std::set<int> taken;
  auto add = [&](int index, const Layer& layer) {
    if (index < 0) return;
    const Parameter& parameter = model.parameters()[static_cast<size_t>(index)];
    if (parameter.constant || !taken.insert(index).second) return;
    Tensor tensor;
    tensor.parameter = index;
    tensor.begin = size_;
    tensor.bits = parameter.format.bits;
    tensor.is_transposed = layer.kind == LayerKind::conv2d_transpose;
    const Shape& shape = parameter.shape;
    tensor.outer = shape.front();
    if (shape.size() > 1) tensor.inner = shape.back();
    for (size_t axis = 1; axis + 1 < shape.size(); ++axis) tensor.middle *= shape[axis];
    size_ += static_cast<uint64_t>(tensor.elements()) * static_cast<uint64_t>(tensor.bits);
    tensors_.push_back(tensor);
  };
  for (const Layer& layer : model.layers()) {
    add(layer.kernel, layer);
    if (with_biases) add(layer.bias, layer);
  }
}

std::optional<uint64_t> FkerasOrder::index(const BitAddress& address) const {
  auto found = std::find_if(tensors_.begin(), tensors_.end(),
                            [&](const Tensor& t) { return t.parameter == address.parameter; });
  if (found == tensors_.end()) return std::nullopt;
  int64_t inner = address.element % found->inner;
  int64_t middle = address.element / found->inner % found->middle;
  int64_t outer = address.element / found->inner / found->middle;
  int64_t place = found->is_transposed ? (middle * found->outer + outer) * found->inner + inner
                                       : (middle * found->inner + inner) * found->outer + outer;
  return found->begin + static_cast<uint64_t>(place * found->bits + found->bits - 1 - address.bit);
}

BitAddress FkerasOrder::address(uint64_t index) const {
  if (index >= size_) {
    throw InputError("FKeras bit " + std::to_string(index) + " is not there: the network has " +
                     std::to_string(size_) + " bits in FKeras's order" +
                     (size_ == 0 ? "" : ", 0 to " + std::to_string(size_ - 1)));
  }
  auto after = std::upper_bound(tensors_.begin(), tensors_.end(), index,
                                [](uint64_t i, const Tensor& tensor) { return i < tensor.begin; });
  const Tensor& tensor = *(after - 1);
  auto within = static_cast<int64_t>(index - tensor.begin);
  int64_t place = within / tensor.bits;
  int64_t fast = tensor.is_transposed ? tensor.inner : tensor.outer;
  int64_t slow = tensor.is_transposed ? tensor.outer : tensor.inner;
  int64_t first = place % fast, second = place / fast % slow, middle = place / fast / slow;
  int64_t outer = tensor.is_transposed ? second : first;
  int64_t inner = tensor.is_transposed ? first : second;
  BitAddress address;
  address.parameter = tensor.parameter;
  address.element = (outer * tensor.middle + middle) * tensor.inner + inner;
  address.bit = tensor.bits - 1 - static_cast<int>(within % tensor.bits);
  return address;
}

}  // namespace netsurf
