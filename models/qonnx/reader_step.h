// One node on its way into the foreign graph: its inputs, asked for as computed tensors or as constants.
#pragma once

#include <string>
#include <vector>

#include "models/qonnx/reader_fold.h"
#include "models/qonnx/reader_maker.h"
#include "models/qonnx/reader_source.h"

namespace netsurf::qonnx {

struct Step {
  const Operator& op;
  const Source& source;
  Maker& make;
  std::vector<const Value*> inputs;  // in order, nullptr for one left out

  const std::string& name() const { return op.name(); }
  bool is_given(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  bool is_constant(size_t i) const;
  /// A computed tensor of real numbers. Throws Complaint for a constant, for codes of a QuantizeLinear, and
  /// for the prediction of ArgMax or TopK.
  const View& view(size_t i) const;
  /// As view, for operators that move numbers only: codes and predictions too.
  const View& any_view(size_t i) const;
  /// Throws Complaint, calling the input `what`, when it is computed or left out.
  const Tensor& constant(size_t i, const std::string& what) const;
  /// nullptr when it is left out.
  const Tensor* optional_constant(size_t i, const std::string& what) const;
  /// A constant that takes part in sums. One that the file notes to hold integers is quantized by them.
  Tensor weights(size_t i, const std::string& what) const;
  std::string input_name(size_t i) const { return quote(op.node().input(static_cast<int>(i))); }
};

/// The node's first output. Throws Complaint.
using Translate = Value (*)(const Step& step);

// By file: reader_sums.cc.
Value read_matmul(const Step& step);
Value read_gemm(const Step& step);
Value read_conv(const Step& step);
Value read_conv_transpose(const Step& step);
Value read_batch_normalization(const Step& step);
// reader_windows.cc
Value read_max_pool(const Step& step);
Value read_average_pool(const Step& step);
Value read_global_average_pool(const Step& step);
Value read_global_max_pool(const Step& step);
Value read_reduce_mean(const Step& step);
Value read_resize(const Step& step);
// reader_elementwise.cc
Value read_add(const Step& step);
Value read_sub(const Step& step);
Value read_mul(const Step& step);
Value read_div(const Step& step);
Value read_neg(const Step& step);
Value read_sum(const Step& step);
Value read_relu(const Step& step);
Value read_leaky_relu(const Step& step);
Value read_prelu(const Step& step);
Value read_clip(const Step& step);
Value read_hard_sigmoid(const Step& step);
Value read_tanh(const Step& step);
Value read_sigmoid(const Step& step);
Value read_identity(const Step& step);
Value read_cast(const Step& step);
// reader_quantizing.cc
Value read_quant(const Step& step);
Value read_bipolar_quant(const Step& step);
Value read_trunc(const Step& step);
Value read_multi_threshold(const Step& step);
Value read_quantize_linear(const Step& step);
Value read_dequantize_linear(const Step& step);
// reader_moves.cc
Value read_shape(const Step& step);
Value read_transpose(const Step& step);
Value read_reshape(const Step& step);
Value read_flatten(const Step& step);
Value read_squeeze(const Step& step);
Value read_unsqueeze(const Step& step);
Value read_concat(const Step& step);
Value read_softmax(const Step& step);
Value read_arg_max(const Step& step);
Value read_top_k(const Step& step);

}  // namespace netsurf::qonnx
