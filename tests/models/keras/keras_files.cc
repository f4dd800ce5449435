#include "tests/models/keras/keras_files.h"

#include <stdexcept>

namespace netsurf::keras {
namespace {

hid_t checked(hid_t id) {
  if (id < 0) throw std::runtime_error("HDF5 refused a step of the test");
  return id;
}

std::string file_of(const LayerTensors& layers, Hdf5Writer& writer, const std::string& base) {
  std::vector<std::string> names;
  for (const auto& [group, tensors] : layers) {
    names.push_back(group);
    std::string path = base + group;
    writer.group(path);
    std::vector<std::string> weights;
    for (const NamedTensor& tensor : tensors) {
      weights.push_back(tensor.name);
      writer.tensor(path + "/" + tensor.name, tensor.sizes, tensor.values);
    }
    writer.fixed_texts(path, "weight_names", weights);
  }
  writer.fixed_texts(base.empty() ? "/" : base, "layer_names", names);
  return writer.bytes();
}

}  // namespace

Hdf5Writer::Hdf5Writer() {
  // The library knows open files by name, in memory too.
  static int count = 0;
  hid_t access = checked(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fapl_core(access, 1 << 16, 0);
  file_ = checked(
      H5Fcreate(("in memory " + std::to_string(++count)).c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access));
  H5Pclose(access);
}

Hdf5Writer::~Hdf5Writer() { H5Fclose(file_); }

void Hdf5Writer::group(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    std::string part = path.substr(0, slash);
    if (!part.empty() && part != "/" && H5Lexists(file_, part.c_str(), H5P_DEFAULT) <= 0) {
      H5Gclose(checked(H5Gcreate2(file_, part.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    }
    if (slash == std::string::npos) return;
  }
}

void Hdf5Writer::variable_text(const std::string& group, const std::string& name, const std::string& text) {
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, H5T_VARIABLE);
  hid_t object = checked(H5Oopen(file_, group.c_str(), H5P_DEFAULT));
  hid_t attribute = checked(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  const char* pointer = text.c_str();
  H5Awrite(attribute, type, &pointer);
  H5Aclose(attribute);
  H5Oclose(object);
  H5Sclose(space);
  H5Tclose(type);
}

void Hdf5Writer::fixed_texts(const std::string& group, const std::string& name,
                             const std::vector<std::string>& texts) {
  size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  std::string buffer;
  for (std::string text : texts) {
    text.resize(longest, '\0');
    buffer += text;
  }
  hsize_t count = texts.size();
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, nullptr);
  H5Tset_size(type, longest);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  hid_t object = checked(H5Oopen(file_, group.c_str(), H5P_DEFAULT));
  hid_t attribute = checked(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  if (count > 0) H5Awrite(attribute, type, buffer.data());
  H5Aclose(attribute);
  H5Oclose(object);
  H5Sclose(space);
  H5Tclose(type);
}

void Hdf5Writer::tensor(const std::string& path, const std::vector<int64_t>& sizes,
                        const std::vector<float>& values) {
  if (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) group(path.substr(0, slash));
  std::vector<hsize_t> extent(sizes.begin(), sizes.end());
  hid_t space = extent.empty() ? H5Screate(H5S_SCALAR)
                               : H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr);
  hid_t dataset =
      checked(H5Dcreate2(file_, path.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(dataset);
  H5Sclose(space);
}

std::string Hdf5Writer::bytes() {
  H5Fflush(file_, H5F_SCOPE_GLOBAL);
  ssize_t size = H5Fget_file_image(file_, nullptr, 0);
  if (size < 0) throw std::runtime_error("HDF5 gave no file image");
  std::string image(static_cast<size_t>(size), '\0');
  H5Fget_file_image(file_, image.data(), image.size());
  return image;
}

std::string weights_file(const LayerTensors& layers) {
  Hdf5Writer writer;
  return file_of(layers, writer, "");
}

std::string whole_file(const nlohmann::json& model, const LayerTensors& layers) {
  Hdf5Writer writer;
  writer.variable_text("/", "model_config", model.dump());
  writer.group("model_weights");
  return file_of(layers, writer, "model_weights/");
}

nlohmann::json layer(const std::string& class_name, const std::string& name, nlohmann::json config) {
  config["name"] = name;
  return {{"class_name", class_name}, {"config", config}};
}

nlohmann::json input(const std::string& name, const std::vector<int>& sizes) {
  nlohmann::json shape = nlohmann::json::array({nullptr});
  for (int size : sizes) shape.push_back(size);
  return layer("InputLayer", name, {{"batch_input_shape", shape}});
}

nlohmann::json sequential(const std::vector<nlohmann::json>& layers) {
  return {{"class_name", "Sequential"}, {"config", {{"name", "net"}, {"layers", layers}}}};
}

nlohmann::json reading(nlohmann::json layer, const std::vector<std::string>& from) {
  nlohmann::json call = nlohmann::json::array();
  for (const std::string& name : from)
    call.push_back(nlohmann::json::array({name, 0, 0, nlohmann::json::object()}));
  // A list of one written in braces is a copy to some compilers.
  layer["inbound_nodes"] = nlohmann::json::array();
  layer["inbound_nodes"].push_back(call);
  layer["name"] = layer["config"]["name"];
  return layer;
}

nlohmann::json functional(const std::string& name, const std::vector<nlohmann::json>& layers,
                          const std::vector<std::string>& inputs, const std::string& output,
                          int output_call) {
  nlohmann::json starts = nlohmann::json::array();
  for (const std::string& each : inputs) starts.push_back(nlohmann::json::array({each, 0, 0}));
  nlohmann::json ends = nlohmann::json::array({nlohmann::json::array({output, output_call, 0})});
  return {
      {"class_name", "Functional"},
      {"config", {{"name", name}, {"layers", layers}, {"input_layers", starts}, {"output_layers", ends}}}};
}

nlohmann::json quantizer(const std::string& class_name, nlohmann::json config) {
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

nlohmann::json quantized_bits(int bits, int integer) {
  return quantizer("quantized_bits", {{"bits", bits},
                                      {"integer", integer},
                                      {"symmetric", 0},
                                      {"alpha", 1},
                                      {"keep_negative", true},
                                      {"use_stochastic_rounding", false},
                                      {"qnoise_factor", 1.0}});
}

std::vector<float> some_numbers(size_t count, unsigned seed) {
  std::vector<float> numbers;
  for (size_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    numbers.push_back(static_cast<float>(static_cast<int>(seed >> 26) - 32) / 16);
  }
  return numbers;
}

}  // namespace netsurf::keras
