#include "models/qonnx/reader_input.h"

#include <algorithm>
#include <unordered_set>

namespace netsurf::qonnx {
namespace {

Sizes sizes_of(const Source& source, Maker& make) {
  const auto& info = source.input();
  std::string name = "has input " + quote(info.name());
  const auto& type = info.type().tensor_type();
  if (!info.type().has_tensor_type() || !type.has_shape())
    source.refuse(name + " without sizes; run shape inference");
  if (type.shape().dim_size() < 1 || type.shape().dim_size() > 4)
    source.refuse(name + " of " + std::to_string(type.shape().dim_size()) + " dimensions, expected 1 to 4");
  Sizes sizes;
  for (const auto& dim : type.shape().dim()) {
    bool is_batch = sizes.empty() && type.shape().dim_size() > 1;
    int64_t size = dim.dim_value();  // 0 where the size has a name
    if (is_batch && size != 1) {
      make.assume("input " + quote(info.name()) + " has a batch of " +
                  (size > 0 ? std::to_string(size) : "any size") + ": read as 1");
      size = 1;
    }
    if (size < 1) {
      source.refuse(name + " without a size for dimension " + std::to_string(sizes.size()) +
                    "; give the model fixed sizes");
    }
    sizes.push_back(size);
  }
  if (count_of(sizes) < 1) source.refuse(name + " of sizes " + sizes_text(sizes) + ", which are too large");
  return sizes;
}

enum class Channels : uint8_t { unknown, first, last };

Channels other(Channels channels) {
  return channels == Channels::first ? Channels::last
                                     : (channels == Channels::last ? Channels::first : channels);
}

bool moves_channels_last(const Sizes& perm) { return perm == Sizes{0, 2, 3, 1} || perm == Sizes{0, 2, 1}; }
bool moves_channels_first(const Sizes& perm) { return perm == Sizes{0, 3, 1, 2} || perm == Sizes{0, 2, 1}; }

/// What a node that reads an image says about its channels, if it says anything.
Channels said_by(const Operator& op) {
  if (op.is_channels_last()) return Channels::last;
  if (op.type() == "Conv" || op.type() == "ConvTranspose" || op.type() == "MaxPool" ||
      op.type() == "AveragePool" || op.type() == "GlobalAveragePool" || op.type() == "GlobalMaxPool" ||
      op.type() == "BatchNormalization")
    return Channels::first;
  if (op.type() != "MultiThreshold" || !op.has("data_layout")) return Channels::unknown;
  std::string layout = op.text("data_layout");
  return layout == "NCHW" ? Channels::first : (layout == "NHWC" ? Channels::last : Channels::unknown);
}

bool keeps_order(const Operator& op) {
  static const std::unordered_set<std::string> kinds = {"Quant",
                                                        "IntQuant",
                                                        "BipolarQuant",
                                                        "MultiThreshold",
                                                        "QuantizeLinear",
                                                        "DequantizeLinear",
                                                        "Relu",
                                                        "LeakyRelu",
                                                        "Clip",
                                                        "Add",
                                                        "Sub",
                                                        "Mul",
                                                        "Div",
                                                        "Neg",
                                                        "Identity",
                                                        "Dropout",
                                                        "Cast"};
  return kinds.count(op.type()) > 0;
}

/// Looks ahead from the input to the first node that takes it as an image.
Channels find_channels(const Source& source, size_t rank) {
  struct Place {
    std::string tensor;
    bool is_swapped;
  };
  std::vector<Place> open = {{source.input().name(), false}};
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < open.size(); ++i) {
    Place place = open[i];
    for (const Operator* op : source.readers(place.tensor)) {
      if (op->node().output_size() == 0 || !seen.insert(op->node().output(0)).second) continue;
      bool is_swapped = place.is_swapped;
      Channels channels = said_by(*op);
      if (channels == Channels::unknown && op->type() == "Transpose" && op->has("perm")) {
        Sizes perm = op->integers("perm");
        if (rank == 4 && moves_channels_last(perm))
          channels = is_swapped ? Channels::unknown : Channels::first;
        if (rank == 4 && moves_channels_first(perm))
          channels = is_swapped ? Channels::unknown : Channels::last;
        is_swapped = !is_swapped;
        if (rank == 3 && perm == Sizes{0, 2, 1}) open.push_back({op->node().output(0), is_swapped});
      }
      if (channels != Channels::unknown)
        return is_swapped && op->type() != "Transpose" ? other(channels) : channels;
      if (keeps_order(*op)) open.push_back({op->node().output(0), is_swapped});
    }
  }
  return Channels::unknown;
}

}  // namespace

View read_input(const Source& source, Maker& make) {
  Sizes sizes = sizes_of(source, make);
  foreign::Node node;
  node.op = foreign::Op::input;
  View result;
  if (sizes.size() <= 2) {
    node.shape = {static_cast<int>(sizes.back())};
    result.layout = Layout::same(sizes);
    result.shape = node.shape;
    result.node = make.add(std::move(node), source.input().name(), {});
    return result;
  }
  Channels channels = Channels::unknown;
  try {
    channels = find_channels(source, sizes.size());
  } catch (const Complaint&) {
    // The node that holds a wrong attribute is refused when its turn comes.
  }
  if (channels == Channels::unknown) {
    constexpr int64_t kFew = 4;  // more colours than this are rare
    bool is_last = sizes[1] > kFew && sizes.back() <= kFew;
    channels = is_last ? Channels::last : Channels::first;
    if (sizes[1] > 1 && sizes.back() > 1) {
      make.assume("input " + quote(source.input().name()) + " of sizes " + sizes_text(sizes) +
                  " has its channels " + (is_last ? "last" : "first") +
                  ", though nothing in the file says so");
    }
  }
  int axis = channels == Channels::last ? static_cast<int>(sizes.size()) - 1 : 1;
  Shape shape;
  if (sizes.size() == 3) shape.push_back(1);
  for (int i = 1; i < static_cast<int>(sizes.size()); ++i) {
    if (i != axis) shape.push_back(static_cast<int>(sizes[static_cast<size_t>(i)]));
  }
  shape.push_back(static_cast<int>(sizes[static_cast<size_t>(axis)]));
  node.shape = shape;
  int index = make.add(std::move(node), source.input().name(), {});
  return Maker::image_view(index, shape, sizes, axis);
}

}  // namespace netsurf::qonnx
