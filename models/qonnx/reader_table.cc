#include "models/qonnx/reader_table.h"

#include <array>

#include "engine/base/text.h"

namespace netsurf::qonnx {
namespace {

constexpr int kMany = 64;
constexpr std::string_view kWindow = "auto_pad dilations group kernel_shape pads strides";
constexpr std::string_view kPool =
    "auto_pad ceil_mode count_include_pad dilations kernel_shape pads storage_order strides";
constexpr std::string_view kNorm = "epsilon momentum spatial training_mode";
constexpr std::string_view kQuant = "narrow rounding_mode signed";
constexpr std::string_view kResize =
    "axes antialias coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value "
    "keep_aspect_ratio_policy mode nearest_mode scales";
constexpr std::string_view kLinear = "axis block_size output_dtype saturate";

constexpr Domain kOnnx = Domain::standard, kQonnx = Domain::quantization, kLast = Domain::channels_last;

constexpr std::array kRows = {
    OperatorRow{kQonnx, "Quant", kQuant, 4, 4, fold_quant, read_quant},
    OperatorRow{kQonnx, "IntQuant", kQuant, 4, 4, fold_quant, read_quant},
    OperatorRow{kQonnx, "BipolarQuant", "", 2, 2, fold_bipolar_quant, read_bipolar_quant},
    OperatorRow{kQonnx, "Trunc", kQuant, 5, 6, nullptr, read_trunc},
    OperatorRow{kQonnx, "MultiThreshold", "data_layout out_bias out_dtype out_scale", 2, 2, nullptr,
                read_multi_threshold},
    OperatorRow{kLast, "Conv", kWindow, 2, 3, nullptr, read_conv},
    OperatorRow{kLast, "MaxPool", kPool, 1, 1, nullptr, read_max_pool},
    OperatorRow{kLast, "AveragePool", kPool, 1, 1, nullptr, read_average_pool},
    OperatorRow{kLast, "BatchNormalization", kNorm, 5, 5, nullptr, read_batch_normalization},
    OperatorRow{kOnnx, "QuantizeLinear", kLinear, 2, 3, fold_quantize_linear, read_quantize_linear},
    OperatorRow{kOnnx, "DequantizeLinear", kLinear, 2, 3, fold_dequantize_linear, read_dequantize_linear},
    OperatorRow{kOnnx, "MatMul", "", 2, 2, nullptr, read_matmul},
    OperatorRow{kOnnx, "Gemm", "alpha beta transA transB", 2, 3, nullptr, read_gemm},
    OperatorRow{kOnnx, "Conv", kWindow, 2, 3, nullptr, read_conv},
    OperatorRow{kOnnx, "ConvTranspose",
                "auto_pad dilations group kernel_shape output_padding output_shape pads strides", 2, 3,
                nullptr, read_conv_transpose},
    OperatorRow{kOnnx, "BatchNormalization", kNorm, 5, 5, nullptr, read_batch_normalization},
    OperatorRow{kOnnx, "MaxPool", kPool, 1, 1, nullptr, read_max_pool},
    OperatorRow{kOnnx, "AveragePool", kPool, 1, 1, nullptr, read_average_pool},
    OperatorRow{kOnnx, "GlobalAveragePool", "", 1, 1, nullptr, read_global_average_pool},
    OperatorRow{kOnnx, "GlobalMaxPool", "", 1, 1, nullptr, read_global_max_pool},
    OperatorRow{kOnnx, "ReduceMean", "axes keepdims noop_with_empty_axes", 1, 2, nullptr, read_reduce_mean},
    OperatorRow{kOnnx, "Resize", kResize, 1, 4, nullptr, read_resize},
    OperatorRow{kOnnx, "Upsample", "mode scales", 1, 2, nullptr, read_resize},
    OperatorRow{kOnnx, "Relu", "", 1, 1, nullptr, read_relu},
    OperatorRow{kOnnx, "LeakyRelu", "alpha", 1, 1, nullptr, read_leaky_relu},
    OperatorRow{kOnnx, "PRelu", "", 2, 2, nullptr, read_prelu},
    OperatorRow{kOnnx, "Clip", "max min", 1, 3, fold_clip, read_clip},
    OperatorRow{kOnnx, "HardSigmoid", "alpha beta", 1, 1, nullptr, read_hard_sigmoid},
    OperatorRow{kOnnx, "Tanh", "", 1, 1, nullptr, read_tanh},
    OperatorRow{kOnnx, "Sigmoid", "", 1, 1, nullptr, read_sigmoid},
    OperatorRow{kOnnx, "Add", "", 2, 2, fold_add, read_add},
    OperatorRow{kOnnx, "Sub", "", 2, 2, fold_sub, read_sub},
    OperatorRow{kOnnx, "Mul", "", 2, 2, fold_mul, read_mul},
    OperatorRow{kOnnx, "Div", "", 2, 2, fold_div, read_div},
    OperatorRow{kOnnx, "Pow", "", 2, 2, fold_pow, nullptr},
    OperatorRow{kOnnx, "Sqrt", "", 1, 1, fold_sqrt, nullptr},
    OperatorRow{kOnnx, "Neg", "", 1, 1, fold_neg, read_neg},
    OperatorRow{kOnnx, "Sum", "", 1, kMany, nullptr, read_sum},
    OperatorRow{kOnnx, "Concat", "axis", 1, kMany, fold_concat, read_concat},
    OperatorRow{kOnnx, "Constant", "value value_float value_floats value_int value_ints", 0, 0, fold_constant,
                nullptr},
    OperatorRow{kOnnx, "ConstantOfShape", "value", 1, 1, fold_constant_of_shape, nullptr},
    OperatorRow{kOnnx, "Shape", "end start", 1, 1, fold_shape, read_shape},
    OperatorRow{kOnnx, "Gather", "axis", 2, 2, fold_gather, nullptr},
    OperatorRow{kOnnx, "Slice", "axes ends starts", 1, 5, fold_slice, nullptr},
    OperatorRow{kOnnx, "Cast", "saturate to", 1, 1, fold_cast, read_cast},
    OperatorRow{kOnnx, "Transpose", "perm", 1, 1, fold_transpose, read_transpose},
    OperatorRow{kOnnx, "Reshape", "allowzero shape", 1, 2, fold_reshape, read_reshape},
    OperatorRow{kOnnx, "Flatten", "axis", 1, 1, fold_flatten, read_flatten},
    OperatorRow{kOnnx, "Squeeze", "axes", 1, 2, fold_squeeze, read_squeeze},
    OperatorRow{kOnnx, "Unsqueeze", "axes", 1, 2, fold_unsqueeze, read_unsqueeze},
    OperatorRow{kOnnx, "Identity", "", 1, 1, fold_identity, read_identity},
    OperatorRow{kOnnx, "Dropout", "ratio seed", 1, 3, fold_identity, read_identity},
    OperatorRow{kOnnx, "Softmax", "axis", 1, 1, nullptr, read_softmax},
    OperatorRow{kOnnx, "ArgMax", "axis keepdims select_last_index", 1, 1, nullptr, read_arg_max},
    OperatorRow{kOnnx, "TopK", "axis k largest sorted", 1, 2, nullptr, read_top_k},
};

}  // namespace

const OperatorRow& row_of(const Operator& op) {
  const OperatorRow* found = nullptr;
  std::vector<std::string> names;
  for (const OperatorRow& row : kRows) {
    names.emplace_back(row.type);
    if (row.domain == op.domain() && row.type == op.type()) found = &row;
  }
  if (found == nullptr) {
    std::string domain = op.node().domain();
    std::string near = nearest_word(op.type(), names);
    throw Complaint("is an operator" + (domain.empty() ? "" : " of domain " + quote(domain)) +
                    " that is not supported" +
                    (near.empty() || near == op.type() ? "" : "; did you mean " + near + "?"));
  }
  op.expect_attributes(found->attributes);
  int count = op.node().input_size();
  if (count < found->least_inputs || count > found->most_inputs) {
    throw Complaint(
        "has " + std::to_string(count) + " inputs, expected " + std::to_string(found->least_inputs) +
        (found->most_inputs > found->least_inputs ? " to " + std::to_string(found->most_inputs) : ""));
  }
  for (int i = 0; i < found->least_inputs; ++i) {
    if (op.node().input(i).empty())
      throw Complaint("leaves input " + std::to_string(i) + " out, which it needs");
  }
  return *found;
}

}  // namespace netsurf::qonnx
