// Layers that move values without computing, or do nothing at inference.
#include <algorithm>

#include "engine/base/error.h"
#include "models/keras/layers.h"

namespace netsurf::keras {
namespace {

using foreign::Op;

constexpr int kLargest = 1 << 24;

int64_t count_of(const Tensor& tensor) { return num_elements(tensor.sizes); }

Tensor identity(LayerCall& call) { return call.append(call.input(), node_of(Op::identity), "identity"); }

Tensor flatten(LayerCall& call) {
  const Tensor& in = call.input();
  if (in.sizes.size() > 1) check_image(call, in, in.sizes.size());
  return call.append({in}, node_of(Op::flatten), "flatten", {static_cast<int>(count_of(in))});
}

Tensor reshape(LayerCall& call) {
  const Tensor& in = call.input();
  const Json* target = call.config.find("target_shape");
  size_t rank = target != nullptr && target->is_array() ? target->size() : 1;
  std::vector<int> sizes = call.config.numbers("target_shape", rank, -1, kLargest);
  auto open = std::find(sizes.begin(), sizes.end(), -1);
  int64_t known = 1;
  for (int size : sizes) known = size == -1 ? known : std::min<int64_t>(known * size, kLargest * int64_t{64});
  if (open != sizes.end() && known > 0 && count_of(in) % known == 0)
    *open = static_cast<int>(count_of(in) / known);
  if (num_elements(sizes) != count_of(in)) {
    call.fail("target_shape", "does not hold the " + std::to_string(count_of(in)) + " elements it reads");
  }
  foreign::Node node = node_of(Op::reshape);
  node.shape = engine_shape(sizes, call.where());
  return call.append({in}, std::move(node), "reshape", sizes);
}

/// One number, [before, after] of one axis, or a pair of numbers or pairs for two axes.
Tensor zero_padding(LayerCall& call, size_t rank) {
  constexpr int kMostZeros = 4096;
  Tensor tensor = call.padded_input();
  check_image(call, tensor, rank);
  const Json* json = call.config.find("padding");
  if (json == nullptr) call.fail("padding", "is missing");
  std::array<int, 4> zeros = {0, 0, 0, 0};
  bool has_pairs = json->is_array() && !json->empty() && (*json)[0].is_array();
  if (has_pairs) {
    if (json->size() != 2 || rank != 3) call.fail("padding", "is " + shown(*json) + ", expected two pairs");
    for (size_t axis = 0; axis < 2; ++axis) {
      // Wrapped in an object so that a wrong pair is named like any other attribute.
      const Json pair = {{"padding", (*json)[axis]}};
      std::vector<int> numbers = Attributes(pair, call.where()).numbers("padding", 2, 0, kMostZeros);
      zeros[2 * axis] = numbers[0];
      zeros[2 * axis + 1] = numbers[1];
    }
  } else {
    std::vector<int> numbers = call.config.numbers("padding", 2, 0, kMostZeros);
    zeros = rank == 3 ? std::array{numbers[0], numbers[0], numbers[1], numbers[1]}
                      : std::array{0, 0, numbers[0], numbers[1]};
  }
  for (size_t i = 0; i < zeros.size(); ++i)
    tensor.padding[i] = std::min(tensor.padding[i] + zeros[i], kMostZeros);
  tensor.padded_by = call.name();
  return tensor;
}

Tensor upsample(LayerCall& call, size_t rank) {
  constexpr int kMost = 4096;
  const Tensor& in = call.input();
  check_image(call, in, rank);
  std::string interpolation = call.config.text("interpolation", "nearest");
  if (interpolation != "nearest")
    call.fail("interpolation", "is " + quote(interpolation) + ", expected nearest");
  std::vector<int> factors = call.config.numbers("size", rank - 1, 1, kMost);
  foreign::Node node = node_of(Op::upsample);
  node.window.width = factors.back();
  node.window.height = rank == 3 ? factors[0] : 1;
  std::vector<int> sizes = in.sizes;
  for (size_t axis = 0; axis + 1 < rank; ++axis) {
    if (sizes[axis] > kLargest / factors[axis]) call.fail("size", "makes the image too large");
    sizes[axis] *= factors[axis];
  }
  return call.append({in}, std::move(node), "upsample", sizes);
}

constexpr LayerRow kRows[] = {
    {"Dropout", identity},
    {"SpatialDropout1D", identity},
    {"SpatialDropout2D", identity},
    {"AlphaDropout", identity},
    {"GaussianDropout", identity},
    {"GaussianNoise", identity},
    {"ActivityRegularization", identity},
    {"Identity", identity},
    {"Flatten", flatten},
    {"Reshape", reshape},
    {"ZeroPadding1D", [](LayerCall& call) { return zero_padding(call, 2); }},
    {"ZeroPadding2D", [](LayerCall& call) { return zero_padding(call, 3); }},
    {"UpSampling1D", [](LayerCall& call) { return upsample(call, 2); }},
    {"UpSampling2D", [](LayerCall& call) { return upsample(call, 3); }},
};

}  // namespace

std::span<const LayerRow> shape_layers() { return kRows; }

}  // namespace netsurf::keras
