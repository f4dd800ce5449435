#include "models/keras/hdf5_content.h"

#include <cstring>

#include "engine/base/error.h"

namespace netsurf::keras {
namespace {

void put_count(std::string& out, uint64_t count) {
  char bytes[sizeof count];
  std::memcpy(bytes, &count, sizeof count);
  out.append(bytes, sizeof count);
}

void put_text(std::string& out, const std::string& text) {
  put_count(out, text.size());
  out += text;
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  std::string_view take(uint64_t size) {
    if (size > bytes_.size()) throw FormatError("the reply of the HDF5 reader is cut short");
    std::string_view piece = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return piece;
  }

  /// A count of things of at least `unit` bytes each.
  uint64_t count(uint64_t unit) {
    uint64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    if (value > bytes_.size() / unit) throw FormatError("the reply of the HDF5 reader is cut short");
    return value;
  }

  std::string text() { return std::string(take(count(1))); }

 private:
  std::string_view bytes_;
};

}  // namespace

const std::vector<std::string>* Hdf5Content::texts(const std::string& group, const std::string& name,
                                                   std::vector<std::string>& storage) const {
  auto found = groups.find(group);
  if (found == groups.end()) return nullptr;
  const auto& attributes = found->second;
  if (auto whole = attributes.find(name); whole != attributes.end()) return &whole->second;
  storage.clear();
  auto part = attributes.find(name + "0");
  for (int i = 1; part != attributes.end(); ++i) {
    storage.insert(storage.end(), part->second.begin(), part->second.end());
    part = attributes.find(name + std::to_string(i));
  }
  return attributes.contains(name + "0") ? &storage : nullptr;
}

std::string pack(const Hdf5Content& content) {
  std::string out;
  put_count(out, content.groups.size());
  for (const auto& [path, attributes] : content.groups) {
    put_text(out, path);
    put_count(out, attributes.size());
    for (const auto& [name, texts] : attributes) {
      put_text(out, name);
      put_count(out, texts.size());
      for (const std::string& text : texts) put_text(out, text);
    }
  }
  put_count(out, content.tensors.size());
  for (const auto& [path, tensor] : content.tensors) {
    put_text(out, path);
    put_count(out, tensor.sizes.size());
    for (int64_t size : tensor.sizes) put_count(out, static_cast<uint64_t>(size));
    put_count(out, tensor.values.size());
    out.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  }
  return out;
}

Hdf5Content unpack(std::string_view bytes) {
  Cursor cursor(bytes);
  Hdf5Content content;
  for (uint64_t groups = cursor.count(16); groups > 0; --groups) {
    auto& attributes = content.groups[cursor.text()];
    for (uint64_t count = cursor.count(16); count > 0; --count) {
      auto& texts = attributes[cursor.text()];
      for (uint64_t number = cursor.count(8); number > 0; --number) texts.push_back(cursor.text());
    }
  }
  for (uint64_t tensors = cursor.count(24); tensors > 0; --tensors) {
    StoredTensor& tensor = content.tensors[cursor.text()];
    for (uint64_t rank = cursor.count(8); rank > 0; --rank) {
      int64_t size = 0;
      std::memcpy(&size, cursor.take(sizeof size).data(), sizeof size);
      tensor.sizes.push_back(size);
    }
    tensor.values.resize(cursor.count(sizeof(float)));
    std::string_view values = cursor.take(tensor.values.size() * sizeof(float));
    if (!values.empty()) std::memcpy(tensor.values.data(), values.data(), values.size());
  }
  return content;
}

}  // namespace netsurf::keras
