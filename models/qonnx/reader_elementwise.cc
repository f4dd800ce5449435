// Operators that work on every number alone, or on pairs of them.
#include <algorithm>
#include <cmath>

#include "models/qonnx/reader_quantizer.h"
#include "models/qonnx/reader_step.h"

namespace netsurf::qonnx {
namespace {

Tensor negated(const Tensor& tensor) {
  Tensor result = plain(tensor);
  for (double& value : result.numbers) value = -value;
  return result;
}

Tensor number(double value) {
  Tensor result;
  result.numbers = {value};
  return result;
}

/// Two or more computed tensors that lie alike.
View sum(const Step& step, size_t count) {
  std::vector<View> terms;
  for (size_t i = 0; i < count; ++i) terms.push_back(step.view(i));
  for (const View& term : terms) {
    if (term.layout.sizes() != terms[0].layout.sizes()) {
      throw Complaint("adds tensors of sizes " + sizes_text(terms[0].layout.sizes()) + " and " +
                      sizes_text(term.layout.sizes()) + ", expected equal sizes");
    }
    if (!term.layout.same_order(terms[0].layout))
      throw Complaint(
          "adds tensors whose numbers stand in different orders, after a reshape or transpose of one of "
          "them");
  }
  bool is_alike =
      std::all_of(terms.begin(), terms.end(), [&](const View& term) { return term.shape == terms[0].shape; });
  std::vector<int> nodes;
  for (View& term : terms) {
    if (!is_alike) term = step.make.flat(term, step.name());
    nodes.push_back(term.node);
  }
  View result = terms[0];
  foreign::Node node;
  node.op = foreign::Op::add;
  result.node = step.make.add(std::move(node), step.name(), std::move(nodes));
  return result;
}

const View& only_view(const Step& step, size_t& constant_at, const char* what) {
  if (step.is_constant(1)) {
    constant_at = 1;
    return step.view(0);
  }
  if (step.is_constant(0)) {
    constant_at = 0;
    return step.view(1);
  }
  throw Complaint(std::string(what) + " two computed tensors, which is not supported; expected one constant");
}

View clipped(const Step& step, const View& x, double low, double high) {
  foreign::Node node;
  node.op = foreign::Op::clip;
  node.minimum = low;
  node.maximum = high;
  if (low == 0 && high == HUGE_VAL) node.op = foreign::Op::relu;
  if (low == -1 && high == 1) node.op = foreign::Op::hard_tanh;
  if (low == -HUGE_VAL && high == HUGE_VAL) node.op = foreign::Op::identity;
  return step.make.then(x, std::move(node), step.name());
}

View leaky(const Step& step, const View& x, double alpha) {
  foreign::Node node;
  node.op = foreign::Op::leaky_relu;
  node.alpha = alpha;
  return step.make.then(x, std::move(node), step.name());
}

}  // namespace

Value read_add(const Step& step) {
  if (!step.is_constant(0) && !step.is_constant(1)) return sum(step, 2);
  size_t at = 0;
  const View& x = only_view(step, at, "adds");
  return step.make.affine(x, foreign::Op::add_constant, step.weights(at, "constant"), step.name(), false);
}

Value read_sum(const Step& step) {
  if (step.inputs.size() == 2) return read_add(step);
  if (step.inputs.size() == 1) return step.make.then(step.view(0), foreign::Op::identity, step.name());
  return sum(step, step.inputs.size());
}

Value read_sub(const Step& step) {
  size_t at = 0;
  View x = only_view(step, at, "subtracts");
  if (at == 1)
    return step.make.affine(x, foreign::Op::add_constant, negated(step.constant(1, "constant")), step.name(),
                            false);
  x = step.make.affine(x, foreign::Op::multiply_constant, number(-1), step.name() + "/minus", false);
  return step.make.affine(x, foreign::Op::add_constant, plain(step.constant(0, "constant")), step.name(),
                          false);
}

Value read_mul(const Step& step) {
  size_t at = 0;
  const View& x = only_view(step, at, "multiplies");
  return step.make.affine(x, foreign::Op::multiply_constant, step.constant(at, "constant"), step.name(),
                          false);
}

Value read_div(const Step& step) {
  size_t at = 0;
  const View& x = only_view(step, at, "divides");
  if (at == 0) throw Complaint("divides a constant by a computed tensor, which is not supported");
  Tensor divisor = plain(step.constant(1, "divisor"));
  for (double value : divisor.numbers) {
    if (value == 0) throw Complaint("divides by 0");
  }
  return step.make.affine(x, foreign::Op::divide_constant, divisor, step.name(), false);
}

Value read_neg(const Step& step) {
  return step.make.affine(step.view(0), foreign::Op::multiply_constant, number(-1), step.name(), false);
}

Value read_relu(const Step& step) { return step.make.then(step.view(0), foreign::Op::relu, step.name()); }

Value read_leaky_relu(const Step& step) {
  return leaky(step, step.view(0), static_cast<double>(step.op.real("alpha", 0.01F)));
}

Value read_prelu(const Step& step) {
  Tensor slope = plain(step.constant(1, "slope"));
  for (double value : slope.numbers) {
    if (value != slope.numbers[0]) throw Complaint("has a slope that varies, expected one number");
  }
  if (slope.numbers.empty()) throw Complaint("has no slope");
  return leaky(step, step.view(0), slope.numbers[0]);
}

Value read_clip(const Step& step) {
  auto [low, high] =
      clip_bounds(step.op, step.optional_constant(1, "minimum"), step.optional_constant(2, "maximum"));
  View x = step.any_view(0);
  if (!x.codes_of.has_value()) return clipped(step, step.view(0), low, high);
  clip_codes(x.codes_of->quantizer, low, high);
  return x;
}

Value read_hard_sigmoid(const Step& step) {
  float alpha = step.op.real("alpha", 0.2F), beta = step.op.real("beta", 0.5F);
  View x = step.view(0);
  if (alpha == 0.5F && beta == 0.5F) return step.make.then(x, foreign::Op::hard_sigmoid, step.name());
  x = step.make.affine(x, foreign::Op::multiply_constant, number(static_cast<double>(alpha)),
                       step.name() + "/alpha", false);
  x = step.make.affine(x, foreign::Op::add_constant, number(static_cast<double>(beta)), step.name() + "/beta",
                       false);
  return clipped(step, x, 0, 1);
}

Value read_tanh(const Step& step) { return step.make.then(step.view(0), foreign::Op::tanh, step.name()); }
Value read_sigmoid(const Step& step) {
  return step.make.then(step.view(0), foreign::Op::sigmoid, step.name());
}

Value read_identity(const Step& step) {
  if (step.op.type() == "Dropout" && step.is_given(2) &&
      whole(step.constant(2, "training_mode"), "training_mode", 0, 1) != 0)
    throw Complaint("drops numbers in training mode, expected a network for inference");
  const View& x = step.any_view(0);
  if (x.codes_of.has_value() || x.is_prediction) return x;
  return step.make.then(x, foreign::Op::identity, step.name());
}

Value read_cast(const Step& step) {
  const View& x = step.any_view(0);
  int64_t to = step.op.integer("to");
  if (x.is_prediction) return x;
  if (to != onnx::TensorProto::FLOAT)
    throw Complaint("casts a computed tensor to type " + std::to_string(to) + ", expected float32 (1)");
  return read_identity(step);
}

}  // namespace netsurf::qonnx
