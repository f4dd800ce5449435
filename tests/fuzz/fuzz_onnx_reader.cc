// ONNX files by others: any bytes are read into a graph that hangs together, or refused.
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "models/qonnx/onnx_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    netsurf::foreign::Graph graph =
        netsurf::qonnx::graph_from_onnx({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (int input : graph.nodes[i].inputs) {
        if (input < 0 || static_cast<size_t>(input) >= i) std::abort();
      }
      const auto& constant = graph.nodes[i].constant;
      if (constant.has_value() && static_cast<int64_t>(constant->values.size() + constant->codes.size()) !=
                                      netsurf::num_elements(constant->shape))
        std::abort();
    }
    if (graph.output < 0 || static_cast<size_t>(graph.output) >= graph.nodes.size()) std::abort();
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
