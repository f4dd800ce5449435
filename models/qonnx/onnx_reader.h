// ONNX networks made by others: QONNX quantizers, FINN thresholds, and QuantizeLinear / DequantizeLinear
// pairs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "models/foreign/graph.h"

namespace netsurf::qonnx {

/// Reads untrusted bytes; `file` stands at the start of every error, and external data is refused. Throws
/// FormatError naming the node, the attribute, what was found and what was expected.
foreign::Graph graph_from_onnx(std::string_view bytes, const std::string& file);
/// Reads a file of at most 2 GiB; external data only from inside its own folder.
foreign::Graph read_onnx(const std::filesystem::path& file);

}  // namespace netsurf::qonnx
