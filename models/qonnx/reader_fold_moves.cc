// Operators on constants that move numbers without computing.
#include <algorithm>
#include <cmath>

#include "models/qonnx/reader_fold.h"
#include "models/qonnx/reader_sizes.h"
#include "models/qonnx/reader_source.h"

namespace netsurf::qonnx {
namespace {

constexpr int64_t kMaxFilled = 65536;  // numbers that a ConstantOfShape may ask for

Tensor copy_of(const Tensor& tensor, Budget& budget) {
  if (!budget.take(tensor.numbers.size())) throw Complaint("makes the constants of the file too large");
  return tensor;
}

/// Other sizes for the same numbers. A quantizer with a scale per channel is spread over all numbers first.
Tensor with_sizes(Tensor tensor, Sizes sizes, Budget& budget) {
  if (tensor.grid.has_value()) {
    Grid& grid = *tensor.grid;
    if (grid.scale.size() > 1) {
      if (!budget.take(2 * tensor.numbers.size()))
        throw Complaint("makes the constants of the file too large");
      std::vector<double> scale, zero_point;
      for (int64_t i : broadcast_index(tensor.sizes, grid.sizes)) {
        scale.push_back(grid.scale[static_cast<size_t>(i)]);
        zero_point.push_back(grid.zero_point[static_cast<size_t>(i)]);
      }
      grid.scale = std::move(scale);
      grid.zero_point = std::move(zero_point);
      grid.sizes = sizes;
    } else {
      grid.sizes.assign(sizes.size(), 1);
    }
  }
  tensor.sizes = std::move(sizes);
  return tensor;
}

std::vector<double> permuted(const std::vector<double>& numbers, const Sizes& sizes,
                             const std::vector<int>& permutation) {
  Sizes strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
  std::vector<double> result;
  result.reserve(numbers.size());
  Sizes at(sizes.size(), 0);
  int64_t place = 0;
  for (size_t n = 0; n < numbers.size(); ++n) {
    result.push_back(numbers[static_cast<size_t>(place)]);
    for (size_t i = permutation.size(); i-- > 0;) {
      auto axis = static_cast<size_t>(permutation[i]);
      place += strides[axis];
      if (++at[i] < sizes[axis]) break;
      place -= strides[axis] * sizes[axis];
      at[i] = 0;
    }
  }
  return result;
}

Sizes permuted(const Sizes& sizes, const std::vector<int>& permutation) {
  Sizes result;
  for (int axis : permutation) result.push_back(sizes[static_cast<size_t>(axis)]);
  return result;
}

/// Numbers picked along one axis.
Tensor taken(const Tensor& tensor, int axis, const Sizes& picks, Sizes sizes, Budget& budget) {
  auto at = static_cast<size_t>(axis);
  int64_t count = count_of(sizes);
  if (count < 0 || !budget.take(static_cast<uint64_t>(count)))
    throw Complaint("makes the constants of the file too large");
  int64_t inner = 1, outer = 1;
  for (size_t i = 0; i < tensor.sizes.size(); ++i) (i < at ? outer : inner) *= i == at ? 1 : tensor.sizes[i];
  Tensor result = tensor;
  result.numbers.clear();
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t pick : picks) {
      const double* from = tensor.numbers.data() + (o * tensor.sizes[at] + pick) * inner;
      result.numbers.insert(result.numbers.end(), from, from + inner);
    }
  }
  result.sizes = std::move(sizes);
  return result;
}

/// The input, or nullptr where it is left out.
const Tensor* given(const Constants& inputs, size_t i) { return i < inputs.size() ? inputs[i] : nullptr; }

/// Whole numbers from an input, or from the attribute that older versions have for it.
Sizes whole_numbers(const Operator& op, const Constants& inputs, size_t i, const std::string& what,
                    const std::optional<Sizes>& fallback = std::nullopt) {
  const Tensor* input = given(inputs, i);
  return input != nullptr ? integers_of(*input, what) : op.integers(what, fallback);
}

}  // namespace

Tensor transposed(const Tensor& tensor, const std::vector<int>& permutation, Budget& budget) {
  if (!budget.take(tensor.numbers.size())) throw Complaint("makes the constants of the file too large");
  Tensor result = tensor;
  result.numbers = permuted(tensor.numbers, tensor.sizes, permutation);
  result.sizes = permuted(tensor.sizes, permutation);
  if (result.grid.has_value()) {
    const Grid& grid = *tensor.grid;
    result.grid->scale = permuted(grid.scale, grid.sizes, permutation);
    result.grid->zero_point = permuted(grid.zero_point, grid.sizes, permutation);
    result.grid->sizes = permuted(grid.sizes, permutation);
  }
  return result;
}

Tensor fold_constant(const Operator& op, const Constants&, Budget& budget) {
  Tensor result;
  if (op.has("value")) {
    result = tensor_of(op.tensor("value"), budget, refuse_external);
  } else if (op.has("value_float")) {
    result.numbers = {static_cast<double>(op.real("value_float"))};
  } else if (op.has("value_int")) {
    result.is_real = false;
    result.numbers = {static_cast<double>(op.integer("value_int"))};
  } else if (op.has("value_ints")) {
    result.is_real = false;
    for (int64_t value : op.integers("value_ints")) result.numbers.push_back(static_cast<double>(value));
    result.sizes = {static_cast<int64_t>(result.numbers.size())};
  } else {
    for (float value : op.reals("value_floats")) result.numbers.push_back(static_cast<double>(value));
    result.sizes = {static_cast<int64_t>(result.numbers.size())};
  }
  result.name = op.node().output(0);
  return result;
}

Tensor fold_constant_of_shape(const Operator& op, const Constants& inputs, Budget& budget) {
  Tensor result;
  result.sizes = integers_of(*inputs[0], "sizes");
  int64_t count = count_of(result.sizes);
  if (result.sizes.size() > kMaxRank || count < 0 || count > kMaxFilled)
    throw Complaint("asks for sizes " + sizes_text(result.sizes) + ", expected at most " +
                    std::to_string(kMaxFilled) + " elements");
  Tensor value;
  value.numbers = {0};
  if (op.has("value")) value = tensor_of(op.tensor("value"), budget, refuse_external);
  if (value.numbers.size() != 1) throw Complaint("has a value of several numbers, expected one");
  result.is_real = value.is_real;
  result.bits = value.bits;
  result.is_signed = value.is_signed;
  result.numbers.assign(static_cast<size_t>(count), value.numbers[0]);
  result.name = op.node().output(0);
  return result;
}

Tensor fold_shape(const Operator& op, const Constants& inputs, Budget&) {
  if (op.has("start") || op.has("end")) throw Complaint("asks for part of a shape, which is not supported");
  Tensor result;
  result.is_real = false;
  for (int64_t size : inputs[0]->sizes) result.numbers.push_back(static_cast<double>(size));
  result.sizes = {static_cast<int64_t>(result.numbers.size())};
  return result;
}

Tensor fold_identity(const Operator&, const Constants& inputs, Budget& budget) {
  return copy_of(*inputs[0], budget);
}

Tensor fold_cast(const Operator& op, const Constants& inputs, Budget& budget) {
  Tensor result = copy_of(*inputs[0], budget);
  int64_t to = op.integer("to");
  bool is_real = to == onnx::TensorProto::FLOAT || to == onnx::TensorProto::DOUBLE;
  bool is_whole = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
  if (!is_real && !is_whole)
    throw Complaint("casts a constant to type " + std::to_string(to) + ", expected a float or int32, int64");
  if (is_whole && result.grid.has_value()) result = plain(result);
  for (double& value : result.numbers) {
    if (is_real && result.is_real) continue;
    if (!std::isfinite(value) || std::abs(value) > 0x1p62)
      throw Complaint("casts a number that does not fit");
    value = is_real ? static_cast<double>(static_cast<float>(value)) : std::trunc(value);
  }
  result.is_real = is_real;
  result.is_signed = true;
  if (is_whole) result.bits = to == onnx::TensorProto::INT64 ? 64 : 32;
  return result;
}

Tensor fold_transpose(const Operator& op, const Constants& inputs, Budget& budget) {
  return transposed(*inputs[0], permutation_of(op, inputs[0]->sizes.size()), budget);
}

Tensor fold_reshape(const Operator& op, const Constants& inputs, Budget& budget) {
  Sizes target = whole_numbers(op, inputs, 1, "shape");
  return with_sizes(copy_of(*inputs[0], budget), reshaped(op, inputs[0]->sizes, target), budget);
}

Tensor fold_flatten(const Operator& op, const Constants& inputs, Budget& budget) {
  return with_sizes(copy_of(*inputs[0], budget), flattened(op, inputs[0]->sizes), budget);
}

Tensor fold_squeeze(const Operator& op, const Constants& inputs, Budget& budget) {
  return with_sizes(copy_of(*inputs[0], budget), squeezed(op, inputs[0]->sizes, given(inputs, 1)), budget);
}

Tensor fold_unsqueeze(const Operator& op, const Constants& inputs, Budget& budget) {
  return with_sizes(copy_of(*inputs[0], budget), unsqueezed(op, inputs[0]->sizes, given(inputs, 1)), budget);
}

Tensor fold_concat(const Operator& op, const Constants& inputs, Budget& budget) {
  Tensor result = plain(*inputs[0]);
  int axis = axis_of(op.integer("axis"), result.sizes.size());
  auto at = static_cast<size_t>(axis);
  int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= result.sizes[static_cast<size_t>(i)];
  std::vector<Tensor> parts;
  uint64_t count = 0;
  int64_t total = 0;
  for (const Tensor* input : inputs) {
    if (input == nullptr) throw Complaint("leaves an input out");
    Sizes sizes = input->sizes;
    if (sizes.size() == result.sizes.size()) sizes[at] = result.sizes[at];
    if (sizes != result.sizes || input->is_real != result.is_real)
      throw Complaint("joins constants of sizes " + sizes_text(result.sizes) + " and " +
                      sizes_text(input->sizes));
    total += input->sizes[at];
    count += input->numbers.size();
    if (count > static_cast<uint64_t>(kMaxElements))
      throw Complaint("makes the constants of the file too large");
  }
  if (!budget.take(count)) throw Complaint("makes the constants of the file too large");
  for (const Tensor* input : inputs) parts.push_back(plain(*input));
  result.numbers.clear();
  for (int64_t o = 0; o < outer; ++o) {
    for (const Tensor& part : parts) {
      auto each = static_cast<int64_t>(part.numbers.size()) / std::max<int64_t>(outer, 1);
      result.numbers.insert(result.numbers.end(), part.numbers.begin() + o * each,
                            part.numbers.begin() + (o + 1) * each);
    }
  }
  result.sizes[at] = total;
  return result;
}

Tensor fold_slice(const Operator& op, const Constants& inputs, Budget& budget) {
  Tensor result = plain(*inputs[0]);
  Sizes starts = whole_numbers(op, inputs, 1, "starts"), ends = whole_numbers(op, inputs, 2, "ends"),
        in_order;
  for (size_t i = 0; i < starts.size(); ++i) in_order.push_back(static_cast<int64_t>(i));
  Sizes axes = whole_numbers(op, inputs, 3, "axes", in_order);
  Sizes steps = given(inputs, 4) != nullptr ? integers_of(*inputs[4], "steps") : Sizes(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    throw Complaint("has starts, ends, axes and steps of different lengths");
  for (size_t i = 0; i < starts.size(); ++i) {
    int axis = axis_of(axes[i], result.sizes.size());
    int64_t size = result.sizes[static_cast<size_t>(axis)];
    if (steps[i] < 1) throw Complaint("has step " + std::to_string(steps[i]) + ", expected at least 1");
    auto inside = [size](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
    Sizes picks;
    for (int64_t at = inside(starts[i]), end = inside(ends[i]); at < end;) {
      picks.push_back(at);
      if (steps[i] >= size) break;
      at += steps[i];
    }
    Sizes sizes = result.sizes;
    sizes[static_cast<size_t>(axis)] = static_cast<int64_t>(picks.size());
    result = taken(result, axis, picks, std::move(sizes), budget);
  }
  return result;
}

Tensor fold_gather(const Operator& op, const Constants& inputs, Budget& budget) {
  Tensor data = plain(*inputs[0]);
  int axis = axis_of(op.integer("axis", 0), data.sizes.size());
  int64_t size = data.sizes[static_cast<size_t>(axis)];
  Sizes picks;
  for (double value : inputs[1]->numbers) {
    if (inputs[1]->is_real || value < static_cast<double>(-size) || value >= static_cast<double>(size))
      throw Complaint("gathers index " + std::to_string(value) + " of an axis of size " +
                      std::to_string(size));
    picks.push_back(static_cast<int64_t>(value < 0 ? value + static_cast<double>(size) : value));
  }
  Sizes sizes(data.sizes.begin(), data.sizes.begin() + axis);
  sizes.insert(sizes.end(), inputs[1]->sizes.begin(), inputs[1]->sizes.end());
  sizes.insert(sizes.end(), data.sizes.begin() + axis + 1, data.sizes.end());
  if (sizes.size() > kMaxRank)
    throw Complaint("gathers into " + std::to_string(sizes.size()) + " dimensions");
  return taken(data, axis, picks, std::move(sizes), budget);
}

}  // namespace netsurf::qonnx
