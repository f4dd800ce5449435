// The architecture of a Keras model as its JSON tells it: layers, and which calls of which layers each call
// reads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/keras/attributes.h"

namespace netsurf::keras {

/// The output of one call of a layer (a shared layer is called more than once).
struct CallRef {
  std::string layer;
  int call = 0;
};

struct ModelConfig;

struct LayerConfig {
  std::string class_name;
  std::string name;
  Json config;
  Json build_config;  // Keras 3: {"input_shape": [..]}, else null
  std::vector<std::vector<CallRef>>
      calls;                           // what each call reads; a sequential model has one call of one input
  std::string wrapper, wrapper_class;  // of PruneLowMagnitude: its own name and class; else empty
  std::shared_ptr<ModelConfig> model;  // the layer is a model itself

  /// "layer "fc1" (QDense)", for messages.
  std::string label() const;
  /// The name under which other layers read it: a wrapper is called, not what it wraps.
  const std::string& key() const { return wrapper.empty() ? name : wrapper; }
};

struct ModelConfig {
  std::string name;
  bool sequential = false;
  std::vector<LayerConfig> layers;
  std::vector<CallRef> inputs, outputs;
  std::optional<Json> build_input_shape;  // of a sequential model without an input layer
};

/// Parses at most 64 MiB of JSON, nested at most 100 deep. Throws FormatError.
Json parse_json(std::string_view text);

/// Reads {"class_name": "Sequential" | "Functional" | "Model", "config": ..}. Models may be nested 16 deep.
/// Throws FormatError for unknown references, models with several outputs, and what Keras does not write.
ModelConfig read_model(const Json& json);

}  // namespace netsurf::keras
