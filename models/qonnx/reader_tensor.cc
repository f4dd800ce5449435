#include "models/qonnx/reader_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace netsurf::qonnx {
namespace {

template <typename Number, typename Field>
std::vector<double> copied(const std::string* raw, const Field& field, size_t count) {
  std::vector<double> result;
  if (raw != nullptr) {
    if (raw->size() / sizeof(Number) != count || raw->size() % sizeof(Number) != 0) return result;
    result.resize(count);
    for (size_t i = 0; i < count; ++i) {
      Number value;
      std::memcpy(&value, raw->data() + i * sizeof(Number), sizeof(Number));
      result[i] = static_cast<double>(value);
    }
  } else if (static_cast<size_t>(field.size()) == count) {
    result.reserve(count);
    for (auto value : field) result.push_back(static_cast<double>(static_cast<Number>(value)));
  }
  return result;
}

void set_integer_type(Tensor& tensor, int bits, bool is_signed) {
  tensor.is_real = false;
  tensor.bits = bits;
  tensor.is_signed = is_signed;
}

void read_numbers(Tensor& tensor, const onnx::TensorProto& proto, const std::string* raw, size_t count) {
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
      tensor.numbers = copied<float>(raw, proto.float_data(), count);
      return;
    case onnx::TensorProto::DOUBLE:
      tensor.numbers = copied<double>(raw, proto.double_data(), count);
      for (double& value : tensor.numbers) value = static_cast<double>(static_cast<float>(value));
      return;
    case onnx::TensorProto::INT64:
      set_integer_type(tensor, 64, true);
      tensor.numbers = copied<int64_t>(raw, proto.int64_data(), count);
      return;
    case onnx::TensorProto::INT32:
      set_integer_type(tensor, 32, true);
      tensor.numbers = copied<int32_t>(raw, proto.int32_data(), count);
      return;
    case onnx::TensorProto::INT16:
      set_integer_type(tensor, 16, true);
      tensor.numbers = copied<int16_t>(raw, proto.int32_data(), count);
      return;
    case onnx::TensorProto::INT8:
      set_integer_type(tensor, 8, true);
      tensor.numbers = copied<int8_t>(raw, proto.int32_data(), count);
      return;
    case onnx::TensorProto::UINT16:
      set_integer_type(tensor, 16, false);
      tensor.numbers = copied<uint16_t>(raw, proto.int32_data(), count);
      return;
    case onnx::TensorProto::UINT8:
      set_integer_type(tensor, 8, false);
      tensor.numbers = copied<uint8_t>(raw, proto.int32_data(), count);
      return;
    case onnx::TensorProto::BOOL:
      set_integer_type(tensor, 1, false);
      tensor.numbers = copied<uint8_t>(raw, proto.int32_data(), count);
      return;
    default:
      throw Complaint("has element type " + std::to_string(proto.data_type()) +
                      ", expected float32, float64, bool or an integer type of 8 to 64 bits");
  }
}

}  // namespace

bool Budget::take(uint64_t numbers) {
  if (numbers > left_) return false;
  left_ -= numbers;
  return true;
}

int64_t count_of(const Sizes& sizes) {
  int64_t count = 1;
  bool has_none = false;
  for (int64_t size : sizes) {
    if (size < 0 || size > kMaxElements) return -1;
    if (size == 0) {
      has_none = true;
      continue;
    }
    count *= size;
    if (count > kMaxElements) return -1;
  }
  return has_none ? 0 : count;
}

std::string sizes_text(const Sizes& sizes) {
  std::string text = "[";
  for (size_t i = 0; i < sizes.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(sizes[i]);
  return text + "]";
}

std::string quote(const std::string& text) {
  constexpr size_t kLongest = 80;
  std::string shown = text.substr(0, kLongest);
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return '"' + shown + (text.size() > kLongest ? "...\"" : "\"");
}

Tensor tensor_of(const onnx::TensorProto& proto, Budget& budget,
                 const std::function<std::string(const onnx::TensorProto&)>& external) {
  Tensor tensor;
  tensor.name = proto.name();
  if (proto.dims_size() > kMaxRank) {
    throw Complaint("has " + std::to_string(proto.dims_size()) + " dimensions, expected at most " +
                    std::to_string(kMaxRank));
  }
  tensor.sizes.assign(proto.dims().begin(), proto.dims().end());
  int64_t count = count_of(tensor.sizes);
  if (count < 0) {
    throw Complaint("has sizes " + sizes_text(tensor.sizes) + ", expected at most " +
                    std::to_string(kMaxElements) + " elements");
  }
  if (proto.has_segment()) throw Complaint("is stored in segments, which is not supported");
  bool is_external = proto.data_location() == onnx::TensorProto::EXTERNAL || proto.external_data_size() > 0;
  std::string fetched;
  if (is_external) fetched = external(proto);
  const std::string* raw = is_external ? &fetched : (proto.has_raw_data() ? &proto.raw_data() : nullptr);
  // A tensor is never larger than its bytes: nothing is allocated for sizes alone.
  uint64_t stored = raw != nullptr
                        ? raw->size()
                        : static_cast<uint64_t>(proto.float_data_size() + proto.double_data_size()) +
                              static_cast<uint64_t>(proto.int32_data_size() + proto.int64_data_size());
  if (static_cast<uint64_t>(count) <= stored && !budget.take(static_cast<uint64_t>(count)))
    throw Complaint("makes the constants of the file too large");
  if (static_cast<uint64_t>(count) <= stored) read_numbers(tensor, proto, raw, static_cast<size_t>(count));
  if (tensor.numbers.size() != static_cast<size_t>(count)) {
    throw Complaint("does not hold the " + std::to_string(count) + " numbers that its sizes " +
                    sizes_text(tensor.sizes) + " ask for");
  }
  return tensor;
}

Sizes with_rank(Sizes sizes, size_t rank) {
  while (sizes.size() > rank && sizes.front() == 1) sizes.erase(sizes.begin());
  if (sizes.size() < rank) sizes.insert(sizes.begin(), rank - sizes.size(), 1);
  return sizes;
}

std::vector<int64_t> broadcast_index(const Sizes& sizes, const Sizes& small) {
  size_t rank = sizes.size();
  std::vector<int64_t> strides(rank, 0);
  int64_t step = 1;
  for (size_t i = rank; i-- > 0;) {
    if (small[i] != 1) strides[i] = step;
    step *= small[i];
  }
  std::vector<int64_t> index(static_cast<size_t>(count_of(sizes)), 0);
  Sizes at(rank, 0);
  int64_t place = 0;
  for (int64_t& each : index) {
    each = place;
    for (size_t i = rank; i-- > 0;) {
      place += strides[i];
      if (++at[i] < sizes[i]) break;
      place -= strides[i] * sizes[i];
      at[i] = 0;
    }
  }
  return index;
}

Tensor plain(const Tensor& tensor) {
  if (!tensor.grid.has_value()) return tensor;
  std::vector<int64_t> all(tensor.numbers.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  Tensor result = tensor;
  result.grid.reset();
  result.is_real = true;
  const Grid& grid = *tensor.grid;
  std::vector<int64_t> scale_at = broadcast_index(tensor.sizes, grid.sizes);
  // One channel per number: quantized_codes then divides each by its own scale.
  foreign::Constant constant{{static_cast<int>(all.size())}, {}, grid.quantizer, {}, tensor.name};
  constant.quantizer->scale.clear();
  constant.quantizer->zero_point.clear();
  for (size_t i = 0; i < all.size(); ++i) {
    auto at = static_cast<size_t>(scale_at[i]);
    constant.quantizer->scale.push_back(static_cast<float>(grid.scale[at]));
    constant.quantizer->zero_point.push_back(static_cast<int64_t>(grid.zero_point[at]));
    if (grid.holds_codes) {
      constant.codes.push_back(static_cast<int32_t>(tensor.numbers[i]));
    } else {
      constant.values.push_back(static_cast<float>(tensor.numbers[i]));
    }
  }
  std::vector<int32_t> codes = all.empty() ? std::vector<int32_t>{} : foreign::quantized_codes(constant);
  for (size_t i = 0; i < codes.size(); ++i) {
    int64_t operand =
        grid.quantizer.bipolar ? 2 * int64_t{codes[i]} - 1 : codes[i] - constant.quantizer->zero_point[i];
    result.numbers[i] = static_cast<double>(static_cast<float>(operand) * constant.quantizer->scale[i]);
  }
  return result;
}

foreign::Constant gather(const Tensor& tensor, const std::vector<int64_t>& index, const Shape& shape) {
  foreign::Constant result{shape, {}, {}, {}, tensor.name};
  bool has_codes = tensor.grid.has_value() && tensor.grid->holds_codes;
  for (int64_t i : index) {
    double number = tensor.numbers[static_cast<size_t>(i)];
    if (!std::isfinite(number)) throw Complaint("holds a number that is not finite");
    if (has_codes) {
      result.codes.push_back(static_cast<int32_t>(number));
    } else {
      result.values.push_back(static_cast<float>(number));
    }
  }
  if (!tensor.grid.has_value()) return result;
  const Grid& grid = *tensor.grid;
  result.quantizer = grid.quantizer;
  std::vector<float>& scale = result.quantizer->scale;
  std::vector<int64_t>& zero_point = result.quantizer->zero_point;
  if (grid.scale.size() == 1) {
    scale = {static_cast<float>(grid.scale[0])};
    zero_point = {static_cast<int64_t>(grid.zero_point[0])};
    return result;
  }
  std::vector<int64_t> grid_at = broadcast_index(tensor.sizes, grid.sizes);
  size_t channels = static_cast<size_t>(shape[0]), each = index.size() / channels;
  scale.clear();
  zero_point.clear();
  for (size_t i = 0; i < index.size(); ++i) {
    auto at = static_cast<size_t>(grid_at[static_cast<size_t>(index[i])]);
    auto value = static_cast<float>(grid.scale[at]);
    auto zero = static_cast<int64_t>(grid.zero_point[at]);
    if (i % each == 0) {
      scale.push_back(value);
      zero_point.push_back(zero);
    } else if (scale.back() != value || zero_point.back() != zero) {
      throw Complaint(
          "has a scale or zero point that varies within an output channel, expected one per output "
          "channel or one in all");
    }
  }
  if (std::all_of(scale.begin(), scale.end(), [&](float s) { return s == scale[0]; }) &&
      std::all_of(zero_point.begin(), zero_point.end(), [&](int64_t z) { return z == zero_point[0]; })) {
    scale.resize(1);
    zero_point.resize(1);
  }
  return result;
}

}  // namespace netsurf::qonnx
