// Memory with an owner: of the device, and of the host where copies run beside other work.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cuda/stream.h"

namespace netsurf::cuda {

enum class Place { device, pinned_host };

/// Throws OutOfMemory. 0 bytes give null.
void* allocate(size_t bytes, Place place);
void release(void* memory, Place place) noexcept;
/// In the stream's order; the host's side must stay as it is until the stream has come so far. Memory that
/// is not pinned makes the host wait.
void copy_to_device(void* to, const void* from, size_t bytes, const Stream& stream);
void copy_to_host(void* to, const void* from, size_t bytes, const Stream& stream);
void fill_bytes(void* memory, int byte, size_t bytes, const Stream& stream);

/// `size` values of T that no constructor has touched.
template <typename T, Place kPlace>
class Memory {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Memory() = default;
  /// Throws OutOfMemory.
  explicit Memory(size_t size) : data_(static_cast<T*>(allocate(size * sizeof(T), kPlace))), size_(size) {}
  ~Memory() { release(data_, kPlace); }
  Memory(Memory&& other) noexcept { swap(other); }
  Memory& operator=(Memory&& other) noexcept {
    swap(other);
    return *this;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }
  /// Room for at least `size` values; what was there is lost when it grows.
  void reserve(size_t size) {
    if (size <= size_) return;
    *this = Memory();  // both at once may be more than there is
    *this = Memory(size);
  }

 private:
  void swap(Memory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  T* data_ = nullptr;
  size_t size_ = 0;
};

template <typename T>
using DeviceMemory = Memory<T, Place::device>;
template <typename T>
using PinnedMemory = Memory<T, Place::pinned_host>;

/// The values on the device. They are there when this returns.
template <typename T>
DeviceMemory<T> upload(std::span<const T> values, const Stream& stream) {
  DeviceMemory<T> memory(values.size());
  copy_to_device(memory.data(), values.data(), values.size_bytes(), stream);
  stream.wait();
  return memory;
}
template <typename T>
DeviceMemory<T> upload(const std::vector<T>& values, const Stream& stream) {
  return upload(std::span<const T>(values), stream);
}

/// `size` values from the device.
template <typename T>
std::vector<T> download(const T* values, size_t size, const Stream& stream) {
  std::vector<T> copy(size);
  copy_to_host(copy.data(), values, size * sizeof(T), stream);
  stream.wait();
  return copy;
}

}  // namespace netsurf::cuda
