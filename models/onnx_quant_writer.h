// Writing what is quantized: Quant nodes, and parameters as initializers behind them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/model/model.h"
#include "models/onnx_property.h"
#include "models/onnx_writer.h"

namespace netsurf {

class OnnxQuantWriter {
 public:
  /// Claims the names of all layers, then of all parameters. What QONNX has no place for goes to `property`,
  /// or is refused with InputError when `is_strict`. References must outlive the writer.
  OnnxQuantWriter(const Model& model, bool is_strict, OnnxWriter& writer, OnnxProperty& property);

  /// The name of the tensor that holds a layer's output.
  const std::string& layer_tensor(int layer) const { return layer_tensors_[static_cast<size_t>(layer)]; }

  /// Adds a node that rounds x to `format`.
  void quant(const std::string& x, const Format& format, const std::string& output);

  /// The quantized tensor of a parameter: its axes permuted by `axes`, then seen with sizes `dims`. It is
  /// written at its first use and reshaped for a user who needs other sizes.
  std::string parameter(int index, const std::vector<int64_t>& dims, std::span<const int> axes);

 private:
  struct Stored {
    std::string initializer;
    std::string tensor;  // behind the Quant, empty until used
    std::vector<int64_t> dims;
  };

  std::string claim(const std::string& name);
  [[noreturn]] void refuse(const std::string& what, const std::string& why) const;
  void write_mask(const Parameter& parameter, const std::string& initializer,
                  const std::vector<size_t>& order);
  std::string write_values(const Parameter& parameter, const std::string& initializer,
                           const std::vector<int64_t>& dims, const std::vector<size_t>& order);

  const Model& model_;
  bool is_strict_;
  OnnxWriter& writer_;
  OnnxProperty& property_;
  std::vector<std::string> layer_tensors_;
  std::vector<Stored> stored_;  // by parameter
};

}  // namespace netsurf
