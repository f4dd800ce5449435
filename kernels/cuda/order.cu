#include "kernels/cuda/order.h"

#include <algorithm>
#include <cassert>
#include <cub/device/device_radix_sort.cuh>
#include <limits>
#include <utility>

#include "kernels/cuda/check.h"
#include "kernels/cuda/order_key.h"

namespace netsurf::cuda {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();  // no place: size < 2^32
constexpr size_t kThreads = 256;
constexpr size_t kMaxBlocks = 4096;  // enough for any device; longer arrays are walked in strides

/// keys [size], places [size]: what is to be sorted. `first_bad` falls to the first score that is not finite.
template <typename Real>
__global__ void make_keys(const Real* scores, size_t size, SortKey<Real>* keys, uint32_t* places,
                          uint32_t* first_bad) {
  const size_t stride = size_t{gridDim.x} * blockDim.x;
  for (size_t i = size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += stride) {
    const auto key = sort_key(scores[i]);
    keys[i] = key;
    places[i] = static_cast<uint32_t>(i);
    if (!is_key_of_finite<Real>(key)) atomicMin(first_bad, static_cast<uint32_t>(i));
  }
}

}  // namespace

template <typename Real>
DeviceMemory<uint32_t> descending_order(const Real* scores, size_t size, const Stream& stream) {
  assert(size <= kNone);
  if (size == 0) return {};
  DeviceMemory<SortKey<Real>> keys(size), spare_keys(size);
  DeviceMemory<uint32_t> places(size), spare_places(size), first_bad(1);
  fill_bytes(first_bad.data(), 0xFF, first_bad.bytes(), stream);
  const size_t blocks = std::min((size + kThreads - 1) / kThreads, kMaxBlocks);
  make_keys<<<static_cast<unsigned>(blocks), kThreads, 0, stream.get()>>>(scores, size, keys.data(),
                                                                          places.data(), first_bad.data());
  check_launch("make_keys");

  // A radix sort is stable, and the places start in order: ties stay by place.
  cub::DoubleBuffer<SortKey<Real>> key_buffers(keys.data(), spare_keys.data());
  cub::DoubleBuffer<uint32_t> place_buffers(places.data(), spare_places.data());
  constexpr int kKeyBits = std::numeric_limits<SortKey<Real>>::digits;
  size_t scratch_bytes = 0;
  const auto sort = [&](void* scratch) {
    check(cub::DeviceRadixSort::SortPairs(scratch, scratch_bytes, key_buffers, place_buffers, size, 0,
                                          kKeyBits, stream.get()),
          "cub::DeviceRadixSort::SortPairs");
  };
  sort(nullptr);  // asks how much scratch memory it wants
  DeviceMemory<char> scratch(std::max<size_t>(scratch_bytes, 1));
  sort(scratch.data());

  const uint32_t bad = download(first_bad.data(), 1, stream).front();
  if (bad != kNone) throw NotFinite(bad);
  return place_buffers.Current() == places.data() ? std::move(places) : std::move(spare_places);
}

template DeviceMemory<uint32_t> descending_order(const float*, size_t, const Stream&);
template DeviceMemory<uint32_t> descending_order(const double*, size_t, const Stream&);

}  // namespace netsurf::cuda
