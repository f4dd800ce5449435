#include "models/qonnx/reader_layout.h"

#include <algorithm>

namespace netsurf::qonnx {

Layout Layout::same(Sizes sizes) {
  Layout result;
  int64_t count = count_of(sizes);
  result.sizes_ = std::move(sizes);
  if (count > 1) {
    result.pieces_ = {count};
    result.order_ = {0};
  }
  return result;
}

Layout Layout::stored(Sizes sizes, const std::vector<int>& axes) {
  Layout result;
  std::vector<int> piece_of(sizes.size(), -1);
  for (int axis : axes) {
    int64_t size = sizes[static_cast<size_t>(axis)];
    if (size == 1) continue;
    piece_of[static_cast<size_t>(axis)] = static_cast<int>(result.pieces_.size());
    result.pieces_.push_back(size);
  }
  for (int piece : piece_of) {
    if (piece >= 0) result.order_.push_back(piece);
  }
  result.sizes_ = std::move(sizes);
  return result;
}

void Layout::join() {
  for (size_t i = 0; i + 1 < order_.size();) {
    int piece = order_[i];
    if (order_[i + 1] != piece + 1) {
      ++i;
      continue;
    }
    auto at = static_cast<size_t>(piece);
    pieces_[at] *= pieces_[at + 1];
    pieces_.erase(pieces_.begin() + piece + 1);
    order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    for (int& each : order_) each -= each > piece ? 1 : 0;
  }
}

void Layout::cut(size_t place, int64_t first) {
  int piece = order_[place];
  auto at = static_cast<size_t>(piece);
  int64_t rest = pieces_[at] / first;
  pieces_[at] = first;
  pieces_.insert(pieces_.begin() + piece + 1, rest);
  for (int& each : order_) each += each > piece ? 1 : 0;
  order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(place) + 1, piece + 1);
}

std::optional<std::vector<int>> Layout::owners() {
  join();
  std::vector<int> owner_at;  // by place in order_
  for (size_t axis = 0; axis < sizes_.size(); ++axis) {
    for (int64_t need = sizes_[axis]; need > 1;) {
      size_t place = owner_at.size();
      int64_t size = pieces_[static_cast<size_t>(order_[place])];
      if (need % size != 0) {
        if (size % need != 0) return std::nullopt;
        cut(place, need);
        size = need;
      }
      owner_at.push_back(static_cast<int>(axis));
      need /= size;
    }
  }
  std::vector<int> owners(pieces_.size());
  for (size_t place = 0; place < order_.size(); ++place)
    owners[static_cast<size_t>(order_[place])] = owner_at[place];
  return owners;
}

bool Layout::transpose(const std::vector<int>& permutation) {
  Layout cut_up = *this;
  auto owners = cut_up.owners();
  if (!owners.has_value()) return false;
  std::vector<int> order;
  Sizes sizes;
  for (int axis : permutation) {
    sizes.push_back(sizes_[static_cast<size_t>(axis)]);
    for (int piece : cut_up.order_) {
      if ((*owners)[static_cast<size_t>(piece)] == axis) order.push_back(piece);
    }
  }
  pieces_ = std::move(cut_up.pieces_);
  order_ = std::move(order);
  sizes_ = std::move(sizes);
  join();
  return true;
}

bool Layout::same_order(const Layout& other) const {
  Layout a = *this, b = other;
  a.join();
  b.join();
  return a.pieces_ == b.pieces_ && a.order_ == b.order_;
}

bool Layout::is_stored(const std::vector<int>& axes) const {
  int64_t covered = 1;
  for (int axis : axes) covered *= sizes_[static_cast<size_t>(axis)];
  return covered == count_of(sizes_) && same_order(stored(sizes_, axes));
}

std::optional<std::vector<int64_t>> Layout::index(const Sizes& constant, int64_t channels) const {
  Layout view = *this;
  auto owners = view.owners();
  if (!owners.has_value()) return std::nullopt;
  size_t first = view.pieces_.size();  // of the pieces that make up the channels
  for (int64_t need = channels; need > 1;) {
    if (first == 0) return std::nullopt;
    int64_t size = view.pieces_[--first];
    if (need % size != 0) {
      if (size % need != 0) return std::nullopt;
      auto place = static_cast<size_t>(
          std::find(view.order_.begin(), view.order_.end(), static_cast<int>(first)) - view.order_.begin());
      view.cut(place, size / need);
      owners->insert(owners->begin() + static_cast<std::ptrdiff_t>(first), (*owners)[first]);
      ++first;
      size = need;
    }
    need /= size;
  }
  // The stride of each piece within the constant, 0 where it is broadcast.
  std::vector<int64_t> strides(view.pieces_.size(), 0);
  int64_t step = 1;
  for (size_t place = view.order_.size(); place-- > 0;) {
    auto piece = static_cast<size_t>(view.order_[place]);
    if (constant[static_cast<size_t>((*owners)[piece])] == 1) continue;
    if (piece < first) return std::nullopt;
    strides[piece] = step;
    step *= view.pieces_[piece];
  }
  std::vector<int64_t> result(static_cast<size_t>(channels));
  for (size_t i = 0; i < result.size(); ++i) {
    auto rest = static_cast<int64_t>(i);
    for (size_t piece = view.pieces_.size(); piece-- > first;) {
      result[i] += rest % view.pieces_[piece] * strides[piece];
      rest /= view.pieces_[piece];
    }
  }
  return result;
}

}  // namespace netsurf::qonnx
