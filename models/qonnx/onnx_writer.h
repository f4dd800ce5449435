// Building an ONNX graph: nodes, initializers and value shapes under names that never collide. Knows ONNX,
// not networks.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/qonnx/onnx_proto.h"

namespace netsurf {

class OnnxWriter {
 public:
  explicit OnnxWriter(onnx::GraphProto& graph) : graph_(graph) {}

  /// `wanted`, or that with the first free number behind it; reserved from now on. Never empty.
  std::string claim(const std::string& wanted);

  /// A node named after its one output. The reference stays good until the next node.
  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::string& output);

  /// Initializers of float32, float64 and int64 with the given sizes under a claimed name, which they return.
  std::string floats(const std::string& name, const std::vector<int64_t>& dims,
                     const std::vector<float>& values);
  std::string doubles(const std::string& name, const std::vector<int64_t>& dims,
                      const std::vector<double>& values);
  std::string integers(const std::string& name, const std::vector<int64_t>& values);

  /// States the shape of a float32 tensor on the way; `batched` puts the free batch size N in front of
  /// `dims`.
  void shape(const std::string& tensor, const std::vector<int64_t>& dims, bool batched);
  /// The same for the graph's input, and for its output in place of what shape() last stated about it.
  void input(const std::string& tensor, const std::vector<int64_t>& dims);
  void output(const std::string& tensor, const std::vector<int64_t>& dims);

 private:
  template <typename T>
  std::string initializer(const std::string& name, const std::vector<int64_t>& dims,
                          const std::vector<T>& values, int type);

  onnx::GraphProto& graph_;
  std::set<std::string> names_;
  std::map<std::string, int> last_number_;  // behind a name that was taken
};

void set_attribute(onnx::NodeProto& node, const std::string& name, int64_t value);
void set_attribute(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values);
void set_attribute(onnx::NodeProto& node, const std::string& name, const std::string& text);
void set_real(onnx::NodeProto& node, const std::string& name, float value);

}  // namespace netsurf
