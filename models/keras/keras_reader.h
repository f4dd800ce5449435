// Keras and QKeras networks: HDF5 files (Keras 2), JSON with a weights file, and Keras 3 `.keras` zips.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "models/foreign/graph.h"

namespace netsurf::keras {

/// A whole model in one HDF5 file (`model.save("x.h5")`). Throws FormatError, starting with the file's name,
/// naming layer and attribute; InputError when the file is missing.
foreign::Graph read_h5(const std::filesystem::path& file);
/// An architecture (`model.to_json()`) and the weights saved beside it.
foreign::Graph read_json(const std::filesystem::path& architecture, const std::filesystem::path& weights);
/// A Keras 3 zip: config.json and model.weights.h5.
foreign::Graph read_keras_zip(const std::filesystem::path& file);

/// The same from untrusted bytes; `file` stands at the start of every error.
foreign::Graph graph_from_h5(std::string_view bytes, const std::string& file);
foreign::Graph graph_from_json(std::string_view architecture, const std::string& architecture_file,
                               std::string_view weights, const std::string& weights_file);
foreign::Graph graph_from_keras_zip(std::string_view bytes, const std::string& file);

}  // namespace netsurf::keras
