#include "models/qonnx/reader_sizes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace netsurf::qonnx {
namespace {

std::optional<Sizes> axes_of(const Operator& op, const Tensor* axes) {
  if (axes != nullptr) return integers_of(*axes, "axes");
  if (op.has("axes")) return op.integers("axes");
  return std::nullopt;
}

/// The axes counted from the front, in order. Throws Complaint for one that stands twice.
std::vector<int> sorted_axes(const Sizes& axes, size_t rank) {
  std::vector<int> result;
  for (int64_t axis : axes) result.push_back(axis_of(axis, rank));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    throw Complaint("names an axis twice");
  return result;
}

}  // namespace

int axis_of(int64_t axis, size_t rank) {
  auto count = static_cast<int64_t>(rank);
  if (axis < -count || axis >= count) {
    throw Complaint("has axis " + std::to_string(axis) + " for a tensor of " + std::to_string(rank) +
                    " dimensions");
  }
  return static_cast<int>(axis < 0 ? axis + count : axis);
}

Sizes integers_of(const Tensor& tensor, const std::string& what) {
  constexpr size_t kMost = 16;
  if (tensor.numbers.size() > kMost)
    throw Complaint("has " + std::to_string(tensor.numbers.size()) + " " + what + ", expected at most 16");
  Sizes result;
  for (double value : tensor.numbers) {
    if (value != std::floor(value) || !(std::abs(value) <= 0x1p63))
      throw Complaint("has " + std::to_string(value) + " among its " + what + ", expected a whole number");
    result.push_back(value >= 0x1p63 ? INT64_MAX : static_cast<int64_t>(value));
  }
  return result;
}

std::vector<int> permutation_of(const Operator& op, size_t rank) {
  std::vector<int> result(rank);
  std::iota(result.rbegin(), result.rend(), 0);
  if (!op.has("perm")) return result;
  Sizes perm = op.integers("perm");
  std::vector<int> axes = sorted_axes(perm, rank);
  if (axes.size() != rank) {
    throw Complaint("has perm " + sizes_text(perm) + " for a tensor of " + std::to_string(rank) +
                    " dimensions");
  }
  for (size_t i = 0; i < rank; ++i) result[i] = axis_of(perm[i], rank);
  return result;
}

Sizes reshaped(const Operator& op, const Sizes& sizes, const Sizes& target) {
  if (target.size() > kMaxRank)
    throw Complaint("reshapes to " + std::to_string(target.size()) + " dimensions");
  bool keeps_zero = op.flag("allowzero", false);
  Sizes result = target;
  int64_t known = 1;
  int open = -1;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] == 0 && !keeps_zero) {
      if (i >= sizes.size())
        throw Complaint("keeps size " + std::to_string(i) + ", which its input does not have");
      result[i] = sizes[i];
    }
    if (result[i] == -1) {
      if (open >= 0) throw Complaint("reshapes to " + sizes_text(target) + ", which leaves two sizes open");
      open = static_cast<int>(i);
    } else {
      if (result[i] < 1 || result[i] > kMaxElements || known > kMaxElements)
        throw Complaint("reshapes to " + sizes_text(target));
      known *= result[i];
    }
  }
  int64_t count = count_of(sizes);
  if (open >= 0 && known > 0 && count % known == 0) {
    result[static_cast<size_t>(open)] = count / known;
    known = count;
  }
  if (known != count || count < 1)
    throw Complaint("reshapes " + sizes_text(sizes) + " to " + sizes_text(target) +
                    ", which holds another number of elements");
  return result;
}

Sizes flattened(const Operator& op, const Sizes& sizes) {
  auto rank = static_cast<int64_t>(sizes.size());
  int64_t axis = op.integer("axis", 1);
  if (axis < -rank || axis > rank) throw Complaint("has axis " + std::to_string(axis));
  if (axis < 0) axis += rank;
  Sizes result = {1, 1};
  for (int64_t i = 0; i < rank; ++i) result[i < axis ? 0 : 1] *= sizes[static_cast<size_t>(i)];
  return result;
}

Sizes squeezed(const Operator& op, const Sizes& sizes, const Tensor* axes) {
  std::optional<Sizes> given = axes_of(op, axes);
  std::vector<int> dropped;
  if (given.has_value()) {
    dropped = sorted_axes(*given, sizes.size());
  } else {
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] == 1) dropped.push_back(static_cast<int>(i));
    }
  }
  Sizes result;
  for (size_t i = 0; i < sizes.size(); ++i) {
    bool is_dropped = std::find(dropped.begin(), dropped.end(), static_cast<int>(i)) != dropped.end();
    if (is_dropped && sizes[i] != 1)
      throw Complaint("drops axis " + std::to_string(i) + " of size " + std::to_string(sizes[i]) +
                      ", expected size 1");
    if (!is_dropped) result.push_back(sizes[i]);
  }
  return result;
}

Sizes unsqueezed(const Operator& op, const Sizes& sizes, const Tensor* axes) {
  std::optional<Sizes> given = axes_of(op, axes);
  if (!given.has_value()) throw Complaint("has no axes");
  size_t rank = sizes.size() + given->size();
  if (rank > kMaxRank) throw Complaint("makes a tensor of " + std::to_string(rank) + " dimensions");
  Sizes result = sizes;
  for (int axis : sorted_axes(*given, rank)) result.insert(result.begin() + axis, 1);
  return result;
}

}  // namespace netsurf::qonnx
