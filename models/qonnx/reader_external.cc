// Tensors kept outside the ONNX file. The path comes from an untrusted file and must stay in the model's
// folder.
#include <charconv>
#include <fstream>

#include "models/qonnx/reader_source.h"

namespace netsurf::qonnx {
namespace {

struct Place {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

uint64_t whole_number(const std::string& key, const std::string& text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Complaint("is kept in another file, at " + key + " " + quote(text) + ", expected a whole number");
  return value;
}

Place place_of(const onnx::TensorProto& tensor) {
  Place place;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = whole_number(entry.key(), entry.value());
    if (entry.key() == "length") place.length = whole_number(entry.key(), entry.value());
  }
  if (place.location.empty()) throw Complaint("is kept in another file without a location");
  return place;
}

uint64_t bytes_of(const onnx::TensorProto& tensor) {
  Sizes sizes(tensor.dims().begin(), tensor.dims().end());
  auto count = static_cast<uint64_t>(count_of(sizes));
  switch (tensor.data_type()) {
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::INT64:
      return 8 * count;
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32:
      return 4 * count;
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::UINT16:
      return 2 * count;
    default:
      return count;
  }
}

std::filesystem::path path_inside(const std::filesystem::path& folder, const std::string& location) {
  std::filesystem::path relative(location);
  bool leaves = relative.is_absolute() || location.find('\0') != std::string::npos;
  for (const auto& part : relative) leaves = leaves || part == "..";
  std::error_code error;
  std::filesystem::path home = std::filesystem::canonical(folder.empty() ? "." : folder, error);
  std::filesystem::path target =
      leaves || error ? home : std::filesystem::weakly_canonical(home / relative, error);
  // A link inside the folder may still point out of it.
  std::filesystem::path from_home = target.lexically_relative(home);
  if (leaves || error || from_home.empty() || *from_home.begin() == "..") {
    throw Complaint("is kept in " + quote(location) +
                    ", which leaves the folder of the model; move the data there");
  }
  if (!std::filesystem::is_regular_file(target, error))
    throw Complaint("is kept in " + quote(location) + ", which is not a file beside the model");
  return target;
}

}  // namespace

std::function<std::string(const onnx::TensorProto&)> external_reader(const std::filesystem::path& folder) {
  return [folder](const onnx::TensorProto& tensor) {
    Place place = place_of(tensor);
    std::filesystem::path path = path_inside(folder, place.location);
    uint64_t wanted = bytes_of(tensor), length = place.length.value_or(wanted);
    std::error_code error;
    uint64_t size = std::filesystem::file_size(path, error);
    if (error || length != wanted || place.offset > size || length > size - place.offset) {
      throw Complaint("needs " + std::to_string(wanted) + " bytes from byte " + std::to_string(place.offset) +
                      " of " + quote(place.location) + ", and is said to have " + std::to_string(length) +
                      "; the file has " + std::to_string(size));
    }
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(place.offset));
    std::string bytes(length, '\0');
    if (!file.read(bytes.data(), static_cast<std::streamsize>(length)))
      throw Complaint("is kept in " + quote(place.location) + ", which could not be read");
    return bytes;
  };
}

std::string refuse_external(const onnx::TensorProto&) {
  throw Complaint("is kept in another file; only models read from disk may do that");
}

}  // namespace netsurf::qonnx
