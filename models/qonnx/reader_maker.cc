#include "models/qonnx/reader_maker.h"

#include <algorithm>

namespace netsurf::qonnx {
namespace {

/// The axes of an image but its channels; the batch is left out.
std::vector<int> spatial_axes(size_t rank, int channel_axis) {
  std::vector<int> axes;
  for (int axis = 1; axis < static_cast<int>(rank); ++axis) {
    if (axis != channel_axis) axes.push_back(axis);
  }
  return axes;
}

/// One number stands for all channels where they are equal.
template <typename Number>
void drop_repeats(std::vector<Number>& numbers) {
  if (std::all_of(numbers.begin(), numbers.end(), [&](Number each) { return each == numbers[0]; }))
    numbers.resize(1);
}

int as_int(int64_t size) { return static_cast<int>(size); }

}  // namespace

Sizes along(int axis, int64_t size, size_t rank) {
  Sizes result(rank, 1);
  result[static_cast<size_t>(axis)] = size;
  return result;
}

int Maker::add(foreign::Node node, const std::string& name, std::vector<int> inputs) {
  std::string unique = name.empty() ? "node" : name;
  for (int& copy = copies_[unique]; !names_.insert(unique).second;)
    unique = name + "_" + std::to_string(++copy + 1);
  node.name = unique;
  node.inputs = std::move(inputs);
  graph_.nodes.push_back(std::move(node));
  return static_cast<int>(graph_.nodes.size()) - 1;
}

View Maker::then(const View& x, foreign::Node node, const std::string& name) {
  View result = x;
  result.node = add(std::move(node), name, {x.node});
  return result;
}

View Maker::then(const View& x, foreign::Op op, const std::string& name) {
  foreign::Node node;
  node.op = op;
  return then(x, std::move(node), name);
}

View Maker::flat(const View& x, const std::string& name) {
  if (x.shape.size() == 1) return x;
  View result = then(x, foreign::Op::flatten, x.moved_by.empty() ? name + "/flatten" : x.moved_by);
  result.shape = {as_int(num_elements(x.shape))};
  result.moved_by.clear();
  return result;
}

View Maker::image(const View& x, int channel_axis, const std::string& name) {
  const Sizes& sizes = x.layout.sizes();
  if (sizes.size() < 3 || sizes.size() > 4 || sizes[0] != 1) {
    throw Complaint("reads a tensor of sizes " + sizes_text(sizes) +
                    ", expected an image [1,channels,height,width] or a sequence [1,channels,width]");
  }
  std::vector<int> axes = spatial_axes(sizes.size(), channel_axis);
  Shape shape;
  if (axes.size() == 1) shape.push_back(1);
  for (int axis : axes) shape.push_back(as_int(sizes[static_cast<size_t>(axis)]));
  shape.push_back(as_int(sizes[static_cast<size_t>(channel_axis)]));
  axes.push_back(channel_axis);
  if (!x.layout.is_stored(axes)) {
    throw Complaint(
        "reads an image whose numbers stand in another order than height, width, channels: a reshape or a "
        "transpose before it would have to move data, which is not supported");
  }
  if (x.shape == shape) return x;
  foreign::Node node;
  node.op = foreign::Op::reshape;
  node.shape = shape;
  View result = then(x, std::move(node), x.moved_by.empty() ? name + "/reshape" : x.moved_by);
  result.shape = shape;
  result.moved_by.clear();
  return result;
}

View Maker::image_view(int node, Shape shape, Sizes sizes, int channel_axis) {
  std::vector<int> axes = spatial_axes(sizes.size(), channel_axis);
  axes.push_back(channel_axis);
  View result;
  result.node = node;
  result.shape = std::move(shape);
  result.layout = Layout::stored(std::move(sizes), axes);
  return result;
}

std::vector<int64_t> Maker::channels(View& x, const Sizes& constant, const std::string& name) {
  Sizes sizes = x.layout.sizes(), aligned = with_rank(constant, sizes.size());
  bool fits = aligned.size() == sizes.size();
  for (size_t i = 0; fits && i < sizes.size(); ++i) fits = aligned[i] == 1 || aligned[i] == sizes[i];
  if (!fits) {
    throw Complaint("has a constant of sizes " + sizes_text(constant) + " for a tensor of sizes " +
                    sizes_text(sizes) + ", expected one number or one per channel");
  }
  if (!budget_.take(static_cast<uint64_t>(x.shape.back())))
    throw Complaint("makes the constants of the file too large");
  auto index = x.layout.index(aligned, x.shape.back());
  if (!index.has_value() && x.shape.size() > 1) {
    // A constant per pixel: only as features.
    View features = flat(x, name);
    if (!budget_.take(static_cast<uint64_t>(features.shape[0])))
      throw Complaint("makes the constants of the file too large");
    index = features.layout.index(aligned, features.shape[0]);
    if (index.has_value()) x = features;
  }
  if (!index.has_value()) {
    throw Complaint("has a constant of sizes " + sizes_text(constant) +
                    " that cannot be matched to the channels of its input, after a reshape that mixed axes");
  }
  return *index;
}

foreign::Constant Maker::per_channel(View& x, const Tensor& constant, const std::string& name) {
  if (constant.numbers.size() == 1) return gather(constant, {0}, {1});
  std::vector<int64_t> index = channels(x, constant.sizes, name);
  return gather(constant, index, {as_int(static_cast<int64_t>(index.size()))});
}

View Maker::affine(View x, foreign::Op op, const Tensor& constant, const std::string& name, bool is_learned) {
  foreign::Node node;
  node.op = op;
  node.constant = per_channel(x, constant, name);
  node.is_learned = is_learned || node.constant->quantizer.has_value();
  return then(x, std::move(node), name);
}

View Maker::quantize(View x, const Grid& grid, const std::string& name) {
  foreign::Node node;
  node.op = foreign::Op::quantize;
  node.quantizer = grid.quantizer;
  std::vector<int64_t> index = {0};
  if (grid.scale.size() > 1) index = channels(x, grid.sizes, name);
  node.quantizer->scale.clear();
  node.quantizer->zero_point.clear();
  for (int64_t i : index) {
    node.quantizer->scale.push_back(static_cast<float>(grid.scale[static_cast<size_t>(i)]));
    node.quantizer->zero_point.push_back(static_cast<int64_t>(grid.zero_point[static_cast<size_t>(i)]));
  }
  drop_repeats(node.quantizer->scale);
  drop_repeats(node.quantizer->zero_point);
  x.codes_of.reset();
  return then(x, std::move(node), name);
}

void Maker::assume(const std::string& text) {
  if (said_.insert(text).second) graph_.assumptions.push_back(text);
}

void Maker::fold(const std::string& text) { graph_.folded.push_back(text); }

}  // namespace netsurf::qonnx
