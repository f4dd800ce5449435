#include "models/keras/hdf5_walk.h"

#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/error.h"
#include "models/keras/attributes.h"

namespace netsurf::keras {
namespace {

constexpr int kMaxDepth = 32;
constexpr int kMaxObjects = 20000;
constexpr uint64_t kMaxTextBytes = uint64_t{64} << 20;

/// Owns an identifier of the library, whatever it is of.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw FormatError("cannot open " + what + ": the file is damaged or no HDF5 file");
  }
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// Exceptions must not pass through the library.
struct Names {
  std::vector<std::pair<std::string, H5L_type_t>> found;
  bool too_many = false;
};

herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
  auto& names = *static_cast<Names*>(data);
  names.too_many = names.found.size() >= static_cast<size_t>(kMaxObjects);
  if (names.too_many) return 1;
  try {
    names.found.emplace_back(name, info->type);
  } catch (...) {
    return -1;
  }
  return 0;
}

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* data) {
  H5L_info_t info{};
  return collect_link(0, name, &info, data);
}

class Walk {
 public:
  Walk(hid_t file, uint64_t file_bytes) : file_(file), bytes_left_(file_bytes) {}

  Hdf5Content run() {
    visit_group("", 0);
    return std::move(content_);
  }

 private:
  void count_object() {
    if (++objects_ > kMaxObjects) {
      throw FormatError("more than " + std::to_string(kMaxObjects) + " groups, data sets and attributes");
    }
  }

  void visit_group(const std::string& path, int depth) {
    std::string what = path.empty() ? "the root group" : "group " + quote(path);
    if (depth > kMaxDepth) throw FormatError(what + " is nested deeper than " + std::to_string(kMaxDepth));
    count_object();
    Handle group(H5Gopen2(file_, path.empty() ? "/" : ("/" + path).c_str(), H5P_DEFAULT), H5Gclose, what);
    visit_attributes(group, path, what);
    Names names;
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_link, &names) < 0) {
      throw FormatError("cannot list " + what + ": the file is damaged");
    }
    if (names.too_many)
      throw FormatError(what + " has more than " + std::to_string(kMaxObjects) + " members");
    for (const auto& [name, type] : names.found) {
      if (path.empty() && (name == "optimizer_weights" || name == "optimizer")) continue;
      std::string child = path.empty() ? name : path + "/" + name;
      if (type != H5L_TYPE_HARD) {
        throw FormatError("member " + quote(child) +
                          " is a link to another place, expected a group or a data set");
      }
      Handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose, "member " + quote(child));
      H5I_type_t kind = H5Iget_type(object);
      if (kind == H5I_GROUP) visit_group(child, depth + 1);
      if (kind == H5I_DATASET) visit_dataset(object, child);
    }
  }

  void visit_attributes(hid_t group, const std::string& path, const std::string& what) {
    auto& attributes = content_.groups[path];
    Names names;
    if (H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_attribute, &names) < 0 ||
        names.too_many) {
      throw FormatError("cannot list the attributes of " + what + ": the file is damaged");
    }
    for (const auto& [name, type] : names.found) {
      count_object();
      std::string label = "attribute " + quote(name) + " of " + what;
      Handle attribute(H5Aopen(group, name.c_str(), H5P_DEFAULT), H5Aclose, label);
      Handle space(H5Aget_space(attribute), H5Sclose, label);
      hssize_t count = H5Sget_simple_extent_npoints(space);
      if (count < 0 || count > kMaxObjects) {
        throw FormatError(label + " has " + std::to_string(count) + " elements, expected at most " +
                          std::to_string(kMaxObjects));
      }
      Handle file_type(H5Aget_type(attribute), H5Tclose, label);
      if (count == 0) {
        attributes[name];
      } else if (H5Tget_class(file_type) == H5T_STRING) {
        attributes[name] =
            H5Tis_variable_str(file_type) > 0
                ? variable_texts(attribute, file_type, space, static_cast<size_t>(count), label)
                : fixed_texts(attribute, file_type, static_cast<size_t>(count), label);
      }
    }
  }

  void count_text(uint64_t bytes, const std::string& label) {
    text_bytes_ += bytes;
    if (text_bytes_ > kMaxTextBytes) {
      throw FormatError(label + ": the texts of the file are longer than " + std::to_string(kMaxTextBytes) +
                        " bytes");
    }
  }

  std::vector<std::string> fixed_texts(hid_t attribute, hid_t type, size_t count, const std::string& label) {
    size_t size = H5Tget_size(type);
    if (size == 0 || size > kMaxTextBytes)
      throw FormatError(label + ": texts of " + std::to_string(size) + " bytes");
    count_text(size * count, label);
    std::string buffer(size * count, '\0');
    if (H5Aread(attribute, type, buffer.data()) < 0) throw FormatError(label + " cannot be read");
    std::vector<std::string> texts;
    for (size_t i = 0; i < count; ++i) {
      std::string text = buffer.substr(i * size, size);
      texts.push_back(text.substr(0, text.find('\0')));
    }
    return texts;
  }

  std::vector<std::string> variable_texts(hid_t attribute, hid_t type, hid_t space, size_t count,
                                          const std::string& label) {
    std::vector<char*> pointers(count, nullptr);
    if (H5Aread(attribute, type, pointers.data()) < 0) throw FormatError(label + " cannot be read");
    std::vector<std::string> texts;
    for (const char* pointer : pointers) {
      size_t length = pointer == nullptr ? 0 : std::strlen(pointer);
      count_text(length, label);
      texts.emplace_back(pointer == nullptr ? "" : pointer, length);
    }
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
    return texts;
  }

  void visit_dataset(hid_t dataset, const std::string& path) {
    std::string label = "data set " + quote(path);
    count_object();
    Handle list(H5Dget_create_plist(dataset), H5Pclose, label);
    H5D_layout_t layout = H5Pget_layout(list);
    if (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT && layout != H5D_CHUNKED) {
      throw FormatError(label + " is virtual (its values lie in other files): save the model anew");
    }
    if (H5Pget_external_count(list) != 0) {
      throw FormatError(label + " keeps its values in another file, which is refused: save the model anew");
    }
    if (H5Pget_nfilters(list) != 0) {
      throw FormatError(label +
                        " is compressed (an HDF5 filter), which is refused: save it without compression");
    }
    Handle type(H5Dget_type(dataset), H5Tclose, label);
    H5T_class_t kind = H5Tget_class(type);
    if (kind != H5T_FLOAT && kind != H5T_INTEGER) return;
    Handle space(H5Dget_space(dataset), H5Sclose, label);
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > 8)
      throw FormatError(label + " has " + std::to_string(rank) + " dimensions, expected 0 to 8");
    std::vector<hsize_t> sizes(static_cast<size_t>(rank));
    H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
    StoredTensor tensor;
    uint64_t count = 1, element = std::max<uint64_t>(H5Tget_size(type), 1);
    for (hsize_t size : sizes) {
      tensor.sizes.push_back(static_cast<int64_t>(size));
      count = size != 0 && count > bytes_left_ / size ? bytes_left_ + 1 : count * size;
    }
    uint64_t stored = H5Dget_storage_size(dataset);
    if (count > bytes_left_ / element || count * element > stored) {
      throw FormatError(label + " claims " + shape_of(tensor.sizes) + " numbers, but the file holds " +
                        std::to_string(stored) + " bytes for it");
    }
    bytes_left_ -= count * element;
    tensor.values.resize(count);
    if (count > 0 &&
        H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data()) < 0) {
      throw FormatError(label + " cannot be read: the file is damaged or cut short");
    }
    content_.tensors[path] = std::move(tensor);
  }

  hid_t file_;
  uint64_t bytes_left_, text_bytes_ = 0;
  int objects_ = 0;
  Hdf5Content content_;
};

}  // namespace

Hdf5Content walk_hdf5(std::string_view bytes) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
  if (bytes.empty()) throw FormatError("the file is empty, expected HDF5");
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "the file");
  // The library copies the image: nothing is read from or written to a disk.
  H5Pset_fapl_core(access, size_t{1} << 16, 0);
  H5Pset_file_image(access, const_cast<char*>(bytes.data()), bytes.size());
  // It refuses an image whose name some file has; below a device there is none.
  Handle file(H5Fopen("/dev/null/image", H5F_ACC_RDONLY, access), H5Fclose, "it as HDF5");
  return Walk(file, bytes.size()).run();
}

}  // namespace netsurf::keras
