// Operators that move numbers, join them, or pick the largest.
#include <algorithm>

#include "models/qonnx/reader_quantizer.h"
#include "models/qonnx/reader_sizes.h"
#include "models/qonnx/reader_step.h"

namespace netsurf::qonnx {
namespace {

/// Other sizes for the same tensor. Where an image becomes features, a flatten node keeps the name.
View moved(const Step& step, const View& x, Sizes sizes) {
  View result = x;
  bool is_flat = std::count_if(sizes.begin(), sizes.end(), [](int64_t size) { return size > 1; }) <= 1;
  result.layout.reshape(std::move(sizes));
  result.moved_by = step.name();
  if (x.is_prediction || x.shape.size() == 1 || !is_flat || result.layout.sizes().size() > 2) return result;
  return step.make.flat(result, step.name());
}

void check_plain_codes(const View& x) {
  if (x.codes_of.has_value() && x.codes_of->scale.size() > 1)
    throw Complaint(
        "moves codes with a scale per channel between QuantizeLinear and DequantizeLinear, which is not "
        "supported");
}

/// The axis that counts the scores of a classifier: all others have size 1.
void check_classes(const View& x, int64_t axis) {
  const Sizes& sizes = x.layout.sizes();
  int classes = axis_of(axis, sizes.size());
  if (x.shape.size() != 1 || sizes[static_cast<size_t>(classes)] != x.shape[0] ||
      !x.layout.is_stored({classes})) {
    throw Complaint("has axis " + std::to_string(axis) + " of a tensor of sizes " + sizes_text(sizes) +
                    ", expected the only axis of a row of scores");
  }
}

View prediction(const Step& step, int64_t axis, bool keeps_axis) {
  View x = step.view(0);
  Sizes sizes = x.layout.sizes();
  bool is_row = x.shape.size() == 3 && x.shape[0] == 1 && x.shape[1] == 1;
  if (is_row) x = step.make.flat(x, step.name());
  check_classes(x, axis);
  View result = step.make.then(x, foreign::Op::argmax, step.name());
  auto at = static_cast<size_t>(axis_of(axis, sizes.size()));
  sizes[at] = 1;
  if (!keeps_axis) sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(at));
  result.shape = {1};
  result.layout = Layout::same(std::move(sizes));
  result.is_prediction = true;
  return result;
}

}  // namespace

Value read_shape(const Step& step) {
  if (step.op.has("start") || step.op.has("end"))
    throw Complaint("asks for part of a shape, which is not supported");
  Tensor result;
  result.is_real = false;
  for (int64_t size : step.any_view(0).layout.sizes()) result.numbers.push_back(static_cast<double>(size));
  result.sizes = {static_cast<int64_t>(result.numbers.size())};
  return std::make_shared<const Tensor>(std::move(result));
}

Value read_transpose(const Step& step) {
  View x = step.any_view(0);
  check_plain_codes(x);
  std::vector<int> permutation = permutation_of(step.op, x.layout.sizes().size());
  if (!x.layout.transpose(permutation))
    throw Complaint("transposes a tensor of sizes " + sizes_text(x.layout.sizes()) +
                    " after a reshape that mixed axes");
  step.make.fold("transpose " + quote(step.name()) + " into the order in which others read");
  x.moved_by = step.name();
  return x;
}

Value read_reshape(const Step& step) {
  const View& x = step.any_view(0);
  check_plain_codes(x);
  Sizes target =
      step.op.has("shape") ? step.op.integers("shape") : integers_of(step.constant(1, "shape"), "sizes");
  return moved(step, x, reshaped(step.op, x.layout.sizes(), target));
}

Value read_flatten(const Step& step) {
  const View& x = step.any_view(0);
  check_plain_codes(x);
  return moved(step, x, flattened(step.op, x.layout.sizes()));
}

Value read_squeeze(const Step& step) {
  const View& x = step.any_view(0);
  check_plain_codes(x);
  return moved(step, x, squeezed(step.op, x.layout.sizes(), step.optional_constant(1, "axes")));
}

Value read_unsqueeze(const Step& step) {
  const View& x = step.any_view(0);
  check_plain_codes(x);
  return moved(step, x, unsqueezed(step.op, x.layout.sizes(), step.optional_constant(1, "axes")));
}

Value read_concat(const Step& step) {
  Sizes sizes = step.view(0).layout.sizes();
  int axis = axis_of(step.op.integer("axis"), sizes.size());
  auto at = static_cast<size_t>(axis);
  int64_t total = 0;
  std::vector<int> nodes;
  Shape shape;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    View x = step.view(i);
    Sizes own = x.layout.sizes();
    total += own.size() == sizes.size() ? own[at] : 0;
    Sizes compared = own;
    if (own.size() == sizes.size()) compared[at] = sizes[at];
    if (compared != sizes)
      throw Complaint("joins tensors of sizes " + sizes_text(sizes) + " and " + sizes_text(own) +
                      " along axis " + std::to_string(axis));
    if (sizes.size() <= 2) {
      x = step.make.flat(x, step.name());
      if (!x.layout.is_stored({axis}))
        throw Complaint(
            "joins a flattened image whose channels come first in the file; join before flattening");
    } else {
      x = step.make.image(x, axis, step.name());
    }
    shape = x.shape;
    nodes.push_back(x.node);
  }
  if (total > kMaxElements) throw Complaint("joins too many channels");
  shape.back() = static_cast<int>(total);
  sizes[at] = total;
  if (count_of(sizes) < 1)
    throw Complaint("puts out a tensor of sizes " + sizes_text(sizes) + ", which is too large");
  foreign::Node node;
  node.op = foreign::Op::concatenate;
  bool is_alone = nodes.size() == 1;
  if (is_alone) node.op = foreign::Op::identity;
  int index = step.make.add(std::move(node), step.name(), std::move(nodes));
  if (sizes.size() > 2) return Maker::image_view(index, shape, sizes, axis);
  View result;
  result.node = index;
  result.shape = shape;
  result.layout = Layout::same(std::move(sizes));
  return result;
}

Value read_softmax(const Step& step) {
  View x = step.view(0);
  if (x.shape.size() == 3 && x.shape[0] == 1 && x.shape[1] == 1) x = step.make.flat(x, step.name());
  int64_t axis = step.op.integer("axis", step.op.version() < 13 ? 1 : -1);
  // Older versions take everything from that axis on as one row.
  if (step.op.version() < 13 && x.layout.sizes().size() > 1 && axis_of(axis, x.layout.sizes().size()) == 1) {
    const Sizes& sizes = x.layout.sizes();
    if (x.shape.size() == 1 && sizes[1] != x.shape[0]) axis = static_cast<int64_t>(sizes.size()) - 1;
  }
  check_classes(x, axis);
  return step.make.then(x, foreign::Op::softmax, step.name());
}

Value read_arg_max(const Step& step) {
  if (step.op.flag("select_last_index", false))
    throw Complaint("has select_last_index 1, expected 0: the first of equal scores wins");
  return prediction(step, step.op.integer("axis", 0), step.op.flag("keepdims", true));
}

Value read_top_k(const Step& step) {
  int64_t k = step.op.has("k") ? step.op.integer("k") : whole(step.constant(1, "k"), "k", 1, kMaxElements);
  if (k != 1) throw Complaint("has k " + std::to_string(k) + ", expected 1: the prediction");
  if (!step.op.flag("largest", true)) throw Complaint("has largest 0, expected 1");
  return prediction(step, step.op.integer("axis", -1), true);
}

}  // namespace netsurf::qonnx
