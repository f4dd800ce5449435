// Operators whose inputs are all constants are computed while the file is read, in float32 as ONNX does.
// Quantizing a constant only notes the quantizer: the file's floats or integers stay.
#pragma once

#include <vector>

#include "models/qonnx/reader_operator.h"
#include "models/qonnx/reader_tensor.h"

namespace netsurf::qonnx {

/// Inputs of a node in order, nullptr for one left out.
using Constants = std::vector<const Tensor*>;
/// Throws Complaint.
using Fold = Tensor (*)(const Operator& op, const Constants& inputs, Budget& budget);

/// The tensor transposed; a quantizer is transposed with it.
Tensor transposed(const Tensor& tensor, const std::vector<int>& permutation, Budget& budget);

Tensor fold_constant(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_constant_of_shape(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_shape(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_identity(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_cast(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_transpose(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_reshape(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_flatten(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_squeeze(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_unsqueeze(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_concat(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_slice(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_gather(const Operator& op, const Constants& inputs, Budget& budget);

Tensor fold_add(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_sub(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_mul(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_div(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_pow(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_sqrt(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_neg(const Operator& op, const Constants& inputs, Budget& budget);

Tensor fold_quant(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_bipolar_quant(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_quantize_linear(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_dequantize_linear(const Operator& op, const Constants& inputs, Budget& budget);
Tensor fold_clip(const Operator& op, const Constants& inputs, Budget& budget);

}  // namespace netsurf::qonnx
