// The architecture of a Keras model and its tensors, without HDF5 in between: JSON, a zero byte, and what
// pack() writes. Any bytes give a graph whose constants are what their shapes say, or a FormatError.
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "models/keras/config.h"
#include "models/keras/hdf5_content.h"
#include "models/keras/model_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  size_t end = bytes.find('\0');
  if (end == std::string_view::npos) return 0;
  try {
    netsurf::keras::Hdf5Content content = netsurf::keras::unpack(bytes.substr(end + 1));
    // What the HDF5 reader gives is checked already.
    for (const auto& [path, tensor] : content.tensors) {
      if (tensor.sizes.size() > 8) return 0;
      uint64_t count = 1;
      for (int64_t each : tensor.sizes)
        count = each < 0 || each > 1 << 20 ? 0 : count * static_cast<uint64_t>(each) % (1 << 30);
      if (count != tensor.values.size()) return 0;
    }
    netsurf::foreign::Graph graph =
        netsurf::keras::build_graph(netsurf::keras::parse_json(bytes.substr(0, end)), content, 2);
    for (const netsurf::foreign::Node& node : graph.nodes) {
      if (!node.constant) continue;
      size_t count =
          node.constant->codes.empty() ? node.constant->values.size() : node.constant->codes.size();
      if (count != static_cast<size_t>(netsurf::num_elements(node.constant->shape))) std::abort();
    }
  } catch (const netsurf::FormatError&) {
  }
  return 0;
}
