// A Keras 3 zip: any bytes give a graph, or a FormatError.
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "models/keras/keras_reader.h"
#include "tests/fuzz/child_deaths.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ignore_deaths_of_children();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    netsurf::foreign::Graph graph =
        netsurf::keras::graph_from_keras_zip({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (graph.output < 0 || static_cast<size_t>(graph.output) >= graph.nodes.size()) std::abort();
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
