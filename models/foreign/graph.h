// A network made by others, as its file says it: operations on real numbers, with quantizers between them.
// The readers (Keras, QONNX) write it; lowering turns it into integer layers. Images are channels last here
// whatever the file had, flattened images in height-width-channel order, and stored tensors in the engine's
// layouts; the batch dimension is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/layer.h"

namespace netsurf::foreign {

/// y = (clamp(round(x / scale) + zero_point, low, high) - zero_point) x scale: everything in float32.
struct Quantizer {
  std::vector<float> scale = {1};         // one, or one per channel (of a kernel: per output channel)
  std::vector<int64_t> zero_point = {0};  // alike; 0 for bipolar
  int bits = 8;
  bool is_signed = true;
  bool bipolar = false;  // x >= 0 ? scale : -scale; bits = 1
  int64_t low = 0,
          high = 0;  // codes it saturates to: within the bits, narrower for narrow and clipped ranges
  core::Rounding rounding = core::Rounding::half_even;
  bool wraps = false;
  // QONNX adds the zero point first: round(x / scale + zero_point). Ties then fall otherwise.
  bool rounds_shifted = false;

  /// Sets low and high to what the bits hold; `narrow` leaves out the lowest code of a signed range or the
  /// highest of an unsigned one, as QONNX does.
  void set_full_range(bool narrow = false);
};

/// A constant of the network, as it was when the file was written.
struct Constant {
  Shape shape;
  std::vector<float> values;  // C order of `shape`
  // With a quantizer the network computes with the quantized values; without one with the floats themselves.
  std::optional<Quantizer> quantizer;
  std::vector<int32_t>
      codes;         // the file's own integers, where it has them (else empty): then `values` is empty
  std::string name;  // as in the file, for messages and parameter names
};

enum class Op : uint8_t {
  input,              // shape
  quantize,           // quantizer
  multi_threshold,    // constant [channels or 1, t]: sum of (x >= t) x out_scale + out_bias
  dense,              // constant [out, in]; reads one dimension
  conv2d,             // constant [out, kh, kw, in/groups], window, groups; reads an image
  conv2d_transpose,   // constant [out, kh, kw, in], window (its padding is cut off the output); one group
  add_constant,       // x + constant [channels or 1]: a bias, a shift
  multiply_constant,  // x * constant [channels or 1]
  divide_constant,    // x / constant [channels or 1]
  relu,
  leaky_relu,    // alpha
  clip,          // to [minimum, maximum], real numbers
  hard_tanh,     // clip(x, -1, 1)
  hard_sigmoid,  // clip(x / 2 + 1/2, 0, 1)
  tanh,
  sigmoid,
  max_pool,             // window
  average_pool,         // window; `counts_padding`
  global_average_pool,  // [h, w, c] -> [c]
  add,                  // two or more inputs
  concatenate,          // along channels
  flatten,
  reshape,   // shape
  upsample,  // nearest neighbour by window.height, window.width
  softmax,
  argmax,    // ArgMax, TopK: the prediction itself; may only stand last
  identity,  // dropout and its like: what the reader dropped, kept so that its name can be cut at
};

struct Node {
  // Unique; as in the file, nested models as outer/inner. What one node of the file becomes besides its main
  // part is called NAME/bias and so on: cutting at NAME ends at the last of them.
  std::string name;
  Op op = Op::identity;
  std::vector<int> inputs;  // indices of earlier nodes
  std::optional<Constant> constant;
  std::optional<Quantizer> quantizer;
  Window window;
  int groups = 1;
  Shape shape;                        // input, reshape
  double alpha = 0;                   // leaky_relu
  double minimum = 0, maximum = 0;    // clip
  float out_scale = 1, out_bias = 0;  // multi_threshold
  bool counts_padding = false;        // average_pool
  // Constants of the affine kind: learned (a batch norm, a bias), or part of the format (a scale).
  bool is_learned = false;
};

struct Graph {
  std::string name;         // the file's own name for it, or the file name
  std::string source;       // "QKeras HDF5", "QONNX", ...: for messages
  std::vector<Node> nodes;  // in topological order
  int output = -1;          // index of the last node
  std::vector<std::string>
      folded;  // what the reader did: "batch norm bn1 into kernel of conv1", for the report
  std::vector<std::string> assumptions;  // what the file left open and how it was read
};

/// The codes the network computes with: round(values / scale) and so on per output channel (axis 0), or
/// `codes`, checked to lie in the quantizer's range; 0 and 1 for bipolar. Throws InputError when a value is
/// not finite. REQUIRES: a quantizer.
std::vector<int32_t> quantized_codes(const Constant& constant);

/// The real numbers the network computes with: the quantized values, or the floats themselves.
std::vector<float> constant_values(const Constant& constant);

}  // namespace netsurf::foreign
