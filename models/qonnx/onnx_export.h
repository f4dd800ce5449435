// Saving a model as QONNX: ONNX with Quant nodes, so that Netron shows it and qonnx, hls4ml and FINN can use
// it. The file is described in docs/model-file.md; onnx_import.h reads it back identically.
#pragma once

#include <filesystem>
#include <string>

#include "engine/model/model.h"

namespace netsurf {

struct ExportOptions {
  /// Writes no `netsurf` property (notes are left out), for tools that want none; NetSurf itself reads such a
  /// file only as one of others. Refuses what plain QONNX cannot express without the property: pruned
  /// weights, signed one-bit formats, activations that wrap, codes that float32 does not hold exactly.
  bool strict = false;
};

/// The bytes of the file; the same for the same model. Throws InputError for what the file cannot hold: more
/// than 4,096 layers or 2 GiB, names that are not UTF-8, and with `strict` what plain QONNX cannot express.
std::string model_to_onnx(const Model& model, const ExportOptions& options = {});

/// Writes model_to_onnx() to `path` in one step. Throws RunError when it cannot be written.
void save_model(const Model& model, const std::filesystem::path& path, const ExportOptions& options = {});

}  // namespace netsurf
