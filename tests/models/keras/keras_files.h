// Makes Keras files in memory: HDF5 as Keras 2 and 3 lay it out, and the JSON of layers.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace netsurf::keras {

/// An HDF5 file in memory.
class Hdf5Writer {
 public:
  Hdf5Writer();
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  hid_t id() const { return file_; }
  /// Makes the groups of a path, where they are missing.
  void group(const std::string& path);
  void variable_text(const std::string& group, const std::string& name, const std::string& text);
  void fixed_texts(const std::string& group, const std::string& name, const std::vector<std::string>& texts);
  /// float32 in C order, with the groups above it.
  void tensor(const std::string& path, const std::vector<int64_t>& sizes, const std::vector<float>& values);
  std::string bytes();

 private:
  hid_t file_;
};

struct NamedTensor {
  std::string name;  // "kernel:0", or with the layer's name in front
  std::vector<int64_t> sizes;
  std::vector<float> values;
};

using LayerTensors = std::vector<std::pair<std::string, std::vector<NamedTensor>>>;  // group, tensors

/// Keras 2: layer groups at the root, or below model_weights next to a model_config.
std::string weights_file(const LayerTensors& layers);
std::string whole_file(const nlohmann::json& model, const LayerTensors& layers);

/// {"class_name": .., "config": {"name": .., ..}}
nlohmann::json layer(const std::string& class_name, const std::string& name, nlohmann::json config = {});
nlohmann::json input(const std::string& name, const std::vector<int>& sizes);
nlohmann::json sequential(const std::vector<nlohmann::json>& layers);
/// Adds Keras 2 inbound_nodes: one call that reads call 0 of each of `from`.
nlohmann::json reading(nlohmann::json layer, const std::vector<std::string>& from);
nlohmann::json functional(const std::string& name, const std::vector<nlohmann::json>& layers,
                          const std::vector<std::string>& inputs, const std::string& output,
                          int output_call = 0);
nlohmann::json quantizer(const std::string& class_name, nlohmann::json config);
nlohmann::json quantized_bits(int bits, int integer);

/// 0.25, -0.5, ..: `count` numbers on a grid of 1/16, always the same for one seed.
std::vector<float> some_numbers(size_t count, unsigned seed = 1);

}  // namespace netsurf::keras
