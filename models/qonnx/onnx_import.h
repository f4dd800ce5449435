// Reading a QONNX file back into a model. The graph decides structure and weights; the `netsurf` property
// adds what the graph has no place for. docs/model-file.md says which graphs are understood.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/model/model.h"

namespace netsurf {

/// Whether the bytes are an ONNX model with our `netsurf` property: what model_from_onnx reads. False for
/// files of others and for bytes that are no ONNX model; never throws.
bool is_own_model(std::string_view bytes);

/// Reads untrusted bytes; `file` stands at the start of every error. Throws FormatError, naming the node,
/// what was found and what was expected, for bytes that are no ONNX model, a file without the property (one
/// that others made, or a strict export) or a graph that is not understood; InputError for a network that
/// Model::build refuses.
Model model_from_onnx(std::string_view bytes, const std::string& file);

/// Reads a file of at most 2 GiB. Throws InputError when it is missing, else as model_from_onnx.
Model load_model(const std::filesystem::path& path);

}  // namespace netsurf
