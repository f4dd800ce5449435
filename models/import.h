// Any network file made by others, told apart by its first bytes: Keras HDF5, Keras 3 zip, Keras JSON with a
// weights file, ONNX.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "models/foreign/lower.h"

namespace netsurf::foreign {

/// Whether it is an ONNX file that NetSurf wrote, which load_model reads back identically. Throws InputError
/// when there is no such file.
bool is_own_file(const std::filesystem::path& file);

/// Reads the graph alone. `weights` goes with a JSON architecture. Throws InputError for a missing file or
/// for what NetSurf does not take (TensorFlow Lite, say), FormatError for broken bytes.
Graph read_graph(const std::filesystem::path& file, const std::optional<std::filesystem::path>& weights);

/// read_graph, then lower; the model's notes name the file and its SHA-256.
Lowered import_network(const std::filesystem::path& file, const std::optional<std::filesystem::path>& weights,
                       const LowerOptions& options);

/// "relu1: 37 of 48234496 accumulator values give another code than the file's float32 arithmetic, at most 1
/// apart".
std::string difference_text(const Difference& difference);

}  // namespace netsurf::foreign
