#include "models/npy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/bytes.h"
#include "models/npy_header.h"

namespace netsurf {
namespace {

template <typename T>
float to_float(T value) {
  if constexpr (std::is_same_v<T, double>) {
    // Converting a double beyond float's range is undefined.
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    if (std::fabs(value) > std::numeric_limits<float>::max()) return value > 0 ? kInfinity : -kInfinity;
  }
  return static_cast<float>(value);
}

/// Reads element `index` of `data` as a T; the bytes need not be aligned.
template <typename T>
float load(const char* data, uint64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return to_float(value);
}

float load_bool(const char* data, uint64_t index) { return data[index] != 0 ? 1.0f : 0.0f; }

struct ElementType {
  std::string_view code;
  uint64_t size;
  bool is_integer;
  float (*load)(const char* data, uint64_t index);
};

constexpr std::array kElementTypes = {
    ElementType{"f4", 4, false, load<float>},  ElementType{"f8", 8, false, load<double>},
    ElementType{"i1", 1, true, load<int8_t>},  ElementType{"u1", 1, true, load<uint8_t>},
    ElementType{"i2", 2, true, load<int16_t>}, ElementType{"u2", 2, true, load<uint16_t>},
    ElementType{"i4", 4, true, load<int32_t>}, ElementType{"u4", 4, true, load<uint32_t>},
    ElementType{"i8", 8, true, load<int64_t>}, ElementType{"u8", 8, true, load<uint64_t>},
    ElementType{"b1", 1, true, load_bool},
};

const ElementType& element_type(const std::string& descr, const ByteReader& reader) {
  std::string_view code = std::string_view(descr).substr(std::min<size_t>(1, descr.size()));
  auto row = std::find_if(kElementTypes.begin(), kElementTypes.end(),
                          [&](const ElementType& type) { return type.code == code; });
  bool is_little =
      descr.starts_with('<') || (descr.starts_with('|') && row != kElementTypes.end() && row->size == 1);
  if (row != kElementTypes.end() && is_little) return *row;
  std::string remedy = descr.find('O') != std::string::npos ? "; pickled objects are never loaded"
                       : descr.starts_with('>') ? "; save it as little endian, e.g. array.astype('<f4')"
                                                : "; convert it, e.g. array.astype('float32')";
  reader.fail(reader.offset(), "element type " + quoted_text(descr) +
                                   ", expected little-endian f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 or b1" + remedy);
}

/// For each element in C order, calls visit(its place in Fortran order).
template <typename Visit>
void for_each_fortran_place(const std::vector<int64_t>& shape, uint64_t count, const Visit& visit) {
  std::vector<uint64_t> stride(shape.size());
  uint64_t step = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    stride[axis] = step;
    step *= static_cast<uint64_t>(shape[axis]);
  }
  std::vector<int64_t> index(shape.size(), 0);
  uint64_t place = 0;
  for (uint64_t i = 0; i < count; ++i) {
    visit(place);
    for (size_t axis = shape.size(); axis-- > 0;) {
      place += stride[axis];
      if (++index[axis] < shape[axis]) break;
      place -= stride[axis] * static_cast<uint64_t>(shape[axis]);
      index[axis] = 0;
    }
  }
}

}  // namespace

NumberArray parse_npy(std::string_view bytes, std::string_view file) {
  ByteReader reader(bytes, file);
  NpyHeader header = take_npy_header(reader);
  const ElementType& type = element_type(header.descr, reader);
  uint64_t available = reader.remaining() / type.size;
  uint64_t count = bounded_product(header.shape, available);
  if (count > available || count * type.size != reader.remaining()) {
    reader.fail(reader.offset(), "the header says " + sizes_text(header.shape) + " values of " +
                                     std::to_string(type.size) + " bytes, found " +
                                     std::to_string(reader.remaining()) + " bytes" +
                                     (count > available ? "; the file is truncated" : ""));
  }
  NumberArray array;
  array.shape = header.shape;
  array.is_integer = type.is_integer;
  const char* data = reader.take(count * type.size, "the values").data();
  array.values.reserve(count);
  if (header.fortran_order) {
    for_each_fortran_place(header.shape, count,
                           [&](uint64_t place) { array.values.push_back(type.load(data, place)); });
  } else {
    for (uint64_t i = 0; i < count; ++i) array.values.push_back(type.load(data, i));
  }
  return array;
}

NumberArray read_npy(const std::filesystem::path& path) {
  return parse_npy(read_file(path, kMaxArrayBytes), path.string());
}

}  // namespace netsurf
