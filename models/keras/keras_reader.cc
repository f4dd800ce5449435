#include "models/keras/keras_reader.h"

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/keras/config.h"
#include "models/keras/hdf5_file.h"
#include "models/keras/keras_zip.h"
#include "models/keras/model_walk.h"

namespace netsurf::keras {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;
constexpr uint64_t kMaxJsonBytes = uint64_t{64} << 20;

/// Runs `read`, with the file's name put in front of what it throws.
template <typename Read>
auto naming(const std::string& file, const Read& read) {
  try {
    return read();
  } catch (const FormatError& error) {
    throw FormatError(file + ": " + error.what());
  }
}

/// The number before the first dot of "2.4.0"; 2 when there is none.
int major_of(std::string_view version) {
  return !version.empty() && version[0] >= '1' && version[0] <= '9' &&
                 (version.size() == 1 || version[1] == '.')
             ? version[0] - '0'
             : 2;
}

int stored_major(const Json& json) {
  auto version = json.is_object() ? json.find("keras_version") : json.end();
  return version != json.end() && version->is_string() ? major_of(version->get_ref<const std::string&>()) : 2;
}

foreign::Graph build(const Json& architecture, const Hdf5Content& content, int keras_major,
                     const std::string& source, const std::string& file) {
  foreign::Graph graph = build_graph(architecture, content, keras_major);
  graph.source = source;
  if (graph.name.empty()) graph.name = std::filesystem::path(file).stem().string();
  return graph;
}

}  // namespace

foreign::Graph graph_from_h5(std::string_view bytes, const std::string& file) {
  return naming(file, [&] {
    Hdf5Content content = read_hdf5(bytes);
    std::vector<std::string> storage;
    const std::vector<std::string>* config = content.texts("", "model_config", storage);
    if (config == nullptr || config->size() != 1) {
      throw FormatError(
          "has no attribute model_config: it holds weights alone. Give the architecture (model.to_json()) as "
          "the "
          "file and this one as its weights");
    }
    const std::vector<std::string>* version = content.texts("", "keras_version", storage);
    int keras_major = version != nullptr && !version->empty() ? major_of(version->front()) : 2;
    return build(parse_json(config->front()), content, keras_major, "QKeras HDF5", file);
  });
}

foreign::Graph graph_from_json(std::string_view architecture, const std::string& architecture_file,
                               std::string_view weights, const std::string& weights_file) {
  Json json = naming(architecture_file, [&] { return parse_json(architecture); });
  Hdf5Content content = naming(weights_file, [&] { return read_hdf5(weights); });
  return naming(architecture_file, [&] {
    return build(json, content, stored_major(json), "QKeras JSON and HDF5", architecture_file);
  });
}

foreign::Graph graph_from_keras_zip(std::string_view bytes, const std::string& file) {
  return naming(file, [&] {
    KerasZip zip = unzip_keras(bytes);
    int keras_major = zip.metadata.empty() ? 3 : stored_major(parse_json(zip.metadata));
    return build(parse_json(zip.config), read_hdf5(zip.weights), keras_major, "Keras 3 zip", file);
  });
}

foreign::Graph read_h5(const std::filesystem::path& file) {
  return graph_from_h5(read_file(file, kMaxFileBytes), file.string());
}

foreign::Graph read_json(const std::filesystem::path& architecture, const std::filesystem::path& weights) {
  return graph_from_json(read_file(architecture, kMaxJsonBytes), architecture.string(),
                         read_file(weights, kMaxFileBytes), weights.string());
}

foreign::Graph read_keras_zip(const std::filesystem::path& file) {
  return graph_from_keras_zip(read_file(file, kMaxFileBytes), file.string());
}

}  // namespace netsurf::keras
