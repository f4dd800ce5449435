// The members of a Keras 3 zip that make up a model.
#pragma once

#include <string>
#include <string_view>

namespace netsurf::keras {

struct KerasZip {
  std::string config, metadata, weights;  // config.json, metadata.json (may be empty), model.weights.h5
};

/// Inflates at most 64 MiB of JSON and 512 MiB of weights, never trusting the sizes the archive claims.
/// Throws FormatError for what is no zip, for missing, encrypted or damaged members.
KerasZip unzip_keras(std::string_view bytes);

}  // namespace netsurf::keras
