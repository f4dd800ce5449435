// Writing what is quantized: Quant nodes, and parameters as initializers behind them or wired in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/model.h"
#include "models/qonnx/onnx_property.h"
#include "models/qonnx/onnx_writer.h"

namespace netsurf {

/// What a Quant node says beside its format.
struct QuantAttributes {
  bool is_narrow = false;
  int32_t zero_point = 0;
  std::string_view rounding_mode = "ROUND";
};

class OnnxQuantWriter {
 public:
  /// Claims the names of all layers, then of all parameters. What QONNX has no place for goes to `property`,
  /// or is refused with InputError when `is_strict`. References must outlive the writer.
  OnnxQuantWriter(const Model& model, bool is_strict, OnnxWriter& writer, OnnxProperty& property);

  /// The name of the tensor that holds a layer's output.
  const std::string& layer_tensor(int layer) const { return layer_tensors_[static_cast<size_t>(layer)]; }

  /// Adds a node that rounds x to `format`; one of two bits for a signed format of one, which QONNX takes for
  /// -1 and +1, so that x must lie within the format already.
  void quant(const std::string& x, const Format& format, const std::string& output,
             const QuantAttributes& attributes = {});

  /// Throws InputError when strict: `why` says what of `what` has no place in plain QONNX.
  void expect_not_strict(const std::string& what, const std::string& why) const;

  /// The tensor of a parameter, quantized unless it is wired in: its axes permuted by `axes`, then seen with
  /// sizes `dims`. It is written at its first use, and transposed or reshaped for a user who needs it
  /// otherwise.
  std::string parameter(int index, const std::vector<int64_t>& dims, std::span<const int> axes);

 private:
  struct Stored {
    std::string initializer;
    std::string tensor;  // behind the quantizer, empty until used
    std::vector<int64_t> dims;
    std::vector<int> axes;
  };

  std::string claim(const std::string& name);
  std::string scalar(const std::string& name, double value);
  void write_mask(const Parameter& parameter, const std::string& initializer,
                  const std::vector<size_t>& order);
  std::string write_values(const Parameter& parameter, const std::string& initializer,
                           const std::vector<int64_t>& dims, const std::vector<size_t>& order);
  /// The tensor that holds the parameter's values, given the one of its initializer.
  std::string write_quantizer(const Parameter& parameter, const std::string& initializer,
                              const std::string& x);
  /// A node that sees a written parameter in another way.
  std::string seen_as(const Stored& stored, const std::vector<int64_t>& dims, std::span<const int> axes);

  const Model& model_;
  bool is_strict_;
  OnnxWriter& writer_;
  OnnxProperty& property_;
  std::vector<std::string> layer_tensors_;
  std::vector<Stored> stored_;  // by parameter
};

}  // namespace netsurf
