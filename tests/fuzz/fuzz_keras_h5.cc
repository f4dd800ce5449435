// A whole Keras model in HDF5: any bytes give a graph in topological order, or a FormatError. The library
// itself runs in a child process, so what it does to itself does not end the fuzzing.
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
        netsurf::keras::graph_from_h5({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (int input : graph.nodes[i].inputs) {
        if (input < 0 || static_cast<size_t>(input) >= i) std::abort();
      }
    }
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
