#include "models/qonnx/onnx_export.h"

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/qonnx/onnx_model_writer.h"

namespace netsurf {
namespace {

void import_opset(onnx::ModelProto& proto, std::string_view domain, int64_t version) {
  auto* opset = proto.add_opset_import();
  opset->set_domain(std::string(domain));
  opset->set_version(version);
}

}  // namespace

std::string model_to_onnx(const Model& model, const ExportOptions& options) {
  if (model.layers().size() > kMaxModelLayers) {
    throw InputError("the model has " + std::to_string(model.layers().size()) +
                     " layers, a model file holds at most " + std::to_string(kMaxModelLayers));
  }
  onnx::ModelProto proto;
  OnnxModelWriter writer(model, options.strict, *proto.mutable_graph());
  writer.write();

  OnnxProperty property = writer.property();
  property.digest = model.digest();
  property.notes = model.notes();
  proto.mutable_graph()->set_name(model.name());
  if (model.name().empty()) {
    property.name = "";
    proto.mutable_graph()->set_name("netsurf");
  }
  if (!is_utf8(model.name())) throw InputError("the model cannot be saved: its name is not UTF-8 text");
  if (!options.strict) {
    auto* entry = proto.add_metadata_props();
    entry->set_key(std::string(kOnnxPropertyKey));
    entry->set_value(property_text(property));
  }
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name("netsurf");
  import_opset(proto, "", writer.needs_dilated_average() ? kDilatedAverageOpset : kOpset);
  import_opset(proto, kQuantDomain, 1);

  std::string bytes;
  if (proto.ByteSizeLong() > kMaxFileBytes || !proto.SerializeToString(&bytes)) {
    throw InputError("the model needs " + std::to_string(proto.ByteSizeLong()) +
                     " bytes, a model file holds at most 2 GiB");
  }
  return bytes;
}

void save_model(const Model& model, const std::filesystem::path& path, const ExportOptions& options) {
  write_file(path, model_to_onnx(model, options));
}

}  // namespace netsurf
