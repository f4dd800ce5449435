#include "models/qonnx/onnx_import.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <climits>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/qonnx/onnx_graph.h"
#include "models/qonnx/onnx_network.h"
#include "models/qonnx/onnx_property.h"

namespace netsurf {
namespace {

constexpr int kMaxNesting = 32;  // of protobuf messages; a network without subgraphs needs eight

/// Whether the bytes are a message of that type, as far as protobuf asks.
bool parse_quietly(std::string_view bytes, onnx::ModelProto& proto) {
  // Below the command line nothing prints, protobuf included.
  google::protobuf::LogSilencer silence;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kMaxNesting);
  return proto.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

onnx::ModelProto parse(std::string_view bytes, const std::string& file) {
  if (bytes.size() > kMaxFileBytes) {
    throw FormatError(file + ": " + std::to_string(bytes.size()) +
                      " bytes are too many, a model file holds at most 2 GiB");
  }
  onnx::ModelProto proto;
  if (!parse_quietly(bytes, proto)) {
    throw FormatError(file + ": not an ONNX model, or cut short (" + std::to_string(bytes.size()) +
                      " bytes)");
  }
  if (!proto.has_graph() || proto.graph().node_size() == 0) throw FormatError(file + ": holds no ONNX graph");
  return proto;
}

void check_versions(const onnx::ModelProto& proto, const std::string& file) {
  if (proto.functions_size() > 0)
    throw FormatError(file + ": defines functions of its own, which are not supported");
  int64_t version = 0;
  for (const auto& opset : proto.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") version = std::max(version, opset.version());
  }
  if (version < kMinOpset) {
    throw FormatError(file + ": uses version " + std::to_string(version) +
                      " of the ONNX operators, expected " + std::to_string(kMinOpset) + " or newer");
  }
}

/// The text of the property, or null.
const std::string* find_property(const onnx::ModelProto& proto) {
  for (const auto& entry : proto.metadata_props()) {
    if (entry.key() == kOnnxPropertyKey) return &entry.value();
  }
  return nullptr;
}

/// What the property says about tensors nobody asked for would be lost in silence.
void check_all_used(const OnnxProperty& property, const std::string& file) {
  std::string unused;
  if (!property.pruned.empty()) unused = property.pruned.begin()->first;
  if (!property.names.empty()) unused = property.names.begin()->first;
  if (!property.constants.empty()) unused = property.constants.begin()->first;
  if (!property.formats.empty()) unused = property.formats.begin()->first;
  for (const auto* outputs : {&property.one_bit, &property.ranges, &property.wraps}) {
    if (!outputs->empty()) unused = *outputs->begin();
  }
  if (unused.empty()) return;
  throw FormatError(file + ": the \"" + std::string(kOnnxPropertyKey) +
                    "\" metadata property speaks of tensor " + in_quotes(unused) +
                    ", which the graph does not use; was it renamed by another tool? Remove the property to "
                    "import the graph as a file of others");
}

}  // namespace

bool is_own_model(std::string_view bytes) {
  onnx::ModelProto proto;
  return bytes.size() <= kMaxFileBytes && parse_quietly(bytes, proto) && find_property(proto) != nullptr;
}

Model model_from_onnx(std::string_view bytes, const std::string& file) {
  onnx::ModelProto proto = parse(bytes, file);
  check_versions(proto, file);
  const std::string* text = find_property(proto);
  if (text == nullptr) {
    throw FormatError(
        file + ": an ONNX file without the \"" + std::string(kOnnxPropertyKey) +
        "\" metadata property, so NetSurf did not save it; `netsurf import` reads files of others");
  }
  OnnxProperty property = parse_property(*text, file);
  OnnxGraph graph(proto.graph(), file);
  OnnxNetwork network = read_network(graph, property);
  check_all_used(property, file);
  try {
    return Model::build(property.name.value_or(proto.graph().name()), std::move(network.layers),
                        std::move(network.parameters), std::move(property.notes));
  } catch (const InputError& error) {
    throw InputError(file + ": " + error.what());
  }
}

Model load_model(const std::filesystem::path& path) {
  return model_from_onnx(read_file(path, kMaxFileBytes), path.string());
}

}  // namespace netsurf
