// What a frozen network is made of: layers that compute on integer codes, and parameters that hold them. A
// new kind is one row in kLayerKinds, a case in exactness.cc, a loop in kernels/cpu and a naive twin in
// tests/reference.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/format.h"
#include "kernels/core/fixed.h"
#include "kernels/core/rounding.h"

namespace netsurf {

/// Layers of a network that comes in or out as a file: building a model takes time quadratic in them.
inline constexpr size_t kMaxModelLayers = 4096;

/// Sizes of one sample, channels last: [features] or [height, width, channels].
using Shape = std::vector<int>;

/// Product of the sizes: 0 when one is below 1, INT64_MAX when it would not fit.
int64_t num_elements(const Shape& shape);
std::string shape_text(const Shape& shape);  // "28x28x1"

enum class LayerKind : uint8_t {
  input,     // codes of `format`, shape `shape`
  dense,     // kernel [out, in], bias [out] or none
  conv2d,    // kernel [out, kh, kw, in/groups], bias [out] or none; groups = in is a depthwise convolution
  max_pool,  // over `window`; padding never wins
  average_pool,         // over `window`; padding is not counted; one rounding
  global_average_pool,  // [h, w, c] -> [c]; one rounding
  affine,               // scale [c] x + shift [c], per last-axis channel
  add,                  // two or more inputs of one shape
  concatenate,          // two or more inputs, joined along the last axis
  flatten,              // [..] -> [features], channels last
  reshape,              // to `shape`, channels last
  activation,           // `function`, then one rounding to `format`
  softmax,              // last layer of a classifier: no arithmetic, the score is the argmax of its input
  threshold,         // per channel, counts the thresholds [c or 1, t] that x reaches; codes `low` to `high`
  sum_pool,          // over `window`: the sum, never rounded; padding adds nothing
  conv2d_transpose,  // kernel [out, kh, kw, in], bias [out] or none; the window's padding is cut off
  upsample,          // nearest neighbour: every pixel becomes window.height x window.width of them
};

struct LayerKindRow {
  LayerKind kind;
  std::string_view name;
  bool has_window;  // kernel size, stride, dilation, padding mean something
};

inline constexpr std::array kLayerKinds = {
    LayerKindRow{LayerKind::input, "input", false},
    LayerKindRow{LayerKind::dense, "dense", false},
    LayerKindRow{LayerKind::conv2d, "conv2d", true},
    LayerKindRow{LayerKind::max_pool, "max_pool", true},
    LayerKindRow{LayerKind::average_pool, "average_pool", true},
    LayerKindRow{LayerKind::global_average_pool, "global_average_pool", false},
    LayerKindRow{LayerKind::affine, "affine", false},
    LayerKindRow{LayerKind::add, "add", false},
    LayerKindRow{LayerKind::concatenate, "concatenate", false},
    LayerKindRow{LayerKind::flatten, "flatten", false},
    LayerKindRow{LayerKind::reshape, "reshape", false},
    LayerKindRow{LayerKind::activation, "activation", false},
    LayerKindRow{LayerKind::softmax, "softmax", false},
    LayerKindRow{LayerKind::threshold, "threshold", false},
    LayerKindRow{LayerKind::sum_pool, "sum_pool", true},
    LayerKindRow{LayerKind::conv2d_transpose, "conv2d_transpose", true},
    LayerKindRow{LayerKind::upsample, "upsample", true},
};

/// The function an activation applies to the real value before it rounds and saturates to the layer's format.
enum class ActivationFunction : uint8_t {
  linear,        // x: quantized_bits
  relu,          // max(x, 0)
  hard_tanh,     // clip(x, -1, 1)
  hard_sigmoid,  // clip(x / 2 + 1/2, 0, 1)
  leaky_relu,    // x, or slope * x below zero
};

inline constexpr std::array<std::string_view, 5> kActivationNames = {"linear", "relu", "hard_tanh",
                                                                     "hard_sigmoid", "leaky_relu"};

inline std::string_view name_of(LayerKind kind) { return kLayerKinds[static_cast<size_t>(kind)].name; }
inline std::string_view name_of(ActivationFunction function) {
  return kActivationNames[static_cast<size_t>(function)];
}

/// Geometry of a convolution or a pooling window. Padding is explicit; `same` is resolved when a layer is
/// built.
struct Window {
  int height = 1, width = 1;
  int stride_y = 1, stride_x = 1;
  int dilation_y = 1, dilation_x = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;

  bool operator==(const Window&) const = default;

  /// floor((in + pads - dilation (k - 1) - 1) / stride) + 1 on each axis.
  int out_height(int in_height) const;
  int out_width(int in_width) const;

  /// Of a transposed convolution: (in - 1) stride + dilation (k - 1) + 1 - pads; 0 where nothing is left or
  /// no int holds it.
  int transposed_height(int in_height) const;
  int transposed_width(int in_width) const;

  /// Sets the padding that makes out = ceil(in / stride), the odd row or column going to the bottom and right
  /// (TensorFlow's `same`).
  void pad_same(int in_height, int in_width);
};

/// A stored tensor: its codes are what faults flip.
struct Parameter {
  std::string name;
  // dense kernel [out, in]; conv kernel [out, kh, kw, in/groups]; thresholds [channels or 1, t]; else
  // [channels]
  Shape shape;
  Format format;
  std::vector<int32_t> codes;   // C order of `shape`
  std::vector<uint8_t> pruned;  // empty, or one flag per element; a pruned code's operand is 0
  int32_t zero_point = 0;       // operand = code - zero_point; other than 0 for at most 16 bits
  bool bipolar = false;         // one unsigned bit; operand = 2 code - 1
  bool constant = false;        // wired into the hardware, not stored: it has no bits in the BitSpace

  /// The integer that a code takes part in sums as: value = operand x 2^-format.frac_bits().
  int32_t operand(int32_t code) const { return bipolar ? 2 * code - 1 : code - zero_point; }
  /// How that integer is stored, for core::flip_operand.
  core::Storage storage() const { return {format.bits, format.is_signed, zero_point, bipolar}; }
  /// Largest |operand| any pattern of the bits can mean; of a constant, its own largest.
  int64_t max_magnitude() const;
};

struct Layer {
  std::string name;
  LayerKind kind = LayerKind::input;
  std::vector<int> inputs;                                   // indices of earlier layers
  int kernel = -1, bias = -1, scale = -1, shift = -1;        // indices of parameters, -1 for none
  int thresholds = -1;                                       // threshold
  Format format;                                             // input, activation, threshold
  ActivationFunction function = ActivationFunction::linear;  // activation
  Window window;                                             // kinds that have one
  int groups = 1;                                            // conv2d
  Shape shape;                                               // input, reshape
  // input, activation: the codes it saturates to, within the format; both 0 for all of the format.
  // threshold: the code of a channel that reaches no threshold, and of one that reaches all.
  int32_t low = 0, high = 0;
  core::Rounding rounding = core::Rounding::half_even;  // input, activation
  bool wraps = false;  // activation: keeps the low bits instead of saturating
  int32_t slope = 0;   // leaky_relu: slope x 2^-slope_shift below zero
  int slope_shift = 0;
  float unit = 1;  // input and output layer: the real size of a code is unit x 2^-(fraction bits)

  /// `low` and `high`, or the format's where they are not given. REQUIRES: an input or an activation.
  int64_t low_code() const { return low == 0 && high == 0 ? format.min_code() : low; }
  int64_t high_code() const { return low == 0 && high == 0 ? format.max_code() : high; }
};

/// The code of a sample's value: value / unit (in float32), times 2^f, rounded and saturated as the layer
/// says. NaN is refused with InputError. REQUIRES: an input layer.
int32_t quantize(float value, const Layer& input);

}  // namespace netsurf
