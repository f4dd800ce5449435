// Teams and warps on the device, for bodies written against them.
#pragma once

#include <cstdint>

#include "kernels/cuda/counts.h"

namespace netsurf::cuda {

class DeviceWarp {
 public:
  /// Four 32-bit registers: a matrix of 16 x 32 bytes, or two of 8 x 32, over the warp.
  struct Four {
    uint32_t at[4];
  };
  /// Two: a matrix of 16 x 16 bytes.
  struct Two {
    uint32_t at[2];
  };
  /// A value of each lane of the warp; here each thread has its own.
  template <typename T>
  struct Lanes {
    T value;
    __device__ T& operator[](int) { return value; }
    __device__ const T& operator[](int) const { return value; }
  };

  __device__ DeviceWarp(int index, int count) : index_(index), count_(count) {}
  __device__ int index() const { return index_; }
  __device__ int count() const { return count_; }

  template <typename Body>
  __device__ __forceinline__ void each_lane(Body body) {
    body(static_cast<int>(threadIdx.x % 32));
  }

  /// Loads four matrices of 8 rows of 16 bytes: lane l says with address(l), in bytes of shared memory, where
  /// row l % 8 of matrix l / 8 begins. Of matrix i, lane l gets bytes 4 (l % 4) .. + 3 of row l / 4 in
  /// register i.
  template <typename Address>
  __device__ __forceinline__ void load(Lanes<Four>& four, const uint8_t* shared, Address address) {
    uint32_t from =
        static_cast<uint32_t>(__cvta_generic_to_shared(shared)) + address(static_cast<int>(threadIdx.x % 32));
    uint32_t* r = four.value.at;
    // Volatile keeps it behind a team's wait; more order would keep it from running ahead of products.
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(from));
  }

  /// A matrix of 16 x 16 bytes: lane l says with address(l, h), in bytes of shared memory, where bytes
  /// 4 (l % 4) .. + 3 of row l / 4 + 8 h are.
  template <typename Address>
  __device__ __forceinline__ void load_half(Lanes<Two>& two, const uint8_t* shared, Address address) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    for (int half = 0; half < 2; ++half)
      two.value.at[half] = *reinterpret_cast<const uint32_t*>(shared + address(lane, half));
  }

  /// sums(l)[4] += left [16, 32] x right [8, 32]^T, right in its registers `first` and `first` + 1; where it
  /// begins the sums are the products alone. Left is int8 or uint8, right int8. Lane l has rows l / 4
  /// (elements 0, 1) and l / 4 + 8 (elements 2, 3), columns 2 (l % 4) and the next.
  template <bool kSigned, bool kBegins, typename Sums>
  __device__ __forceinline__ void multiply(const Lanes<Four>& left, const Lanes<Four>& right, int first,
                                           Sums sums) {
    int32_t(&c)[4] = sums(static_cast<int>(threadIdx.x % 32));
    const uint32_t* a = left.value.at;
    const uint32_t* b = right.value.at + first;
    const int32_t before[4] = {kBegins ? 0 : c[0], kBegins ? 0 : c[1], kBegins ? 0 : c[2],
                               kBegins ? 0 : c[3]};
    if constexpr (kSigned) {
      asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
          "{%10, %11, %12, %13};"
          : "=r"(c[0]), "=r"(c[1]), "=r"(c[2]), "=r"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(before[0]), "r"(before[1]),
            "r"(before[2]), "r"(before[3]));
    } else {
      asm("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
          "{%10, %11, %12, %13};"
          : "=r"(c[0]), "=r"(c[1]), "=r"(c[2]), "=r"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(before[0]), "r"(before[1]),
            "r"(before[2]), "r"(before[3]));
    }
  }

  /// sums(l)[4] = left [16, 16] x right [8, 16]^T, right in its register `first`; all else as above.
  template <bool kSigned, typename Sums>
  __device__ __forceinline__ void multiply_half(const Lanes<Two>& left, const Lanes<Four>& right, int first,
                                                Sums sums) {
    int32_t(&c)[4] = sums(static_cast<int>(threadIdx.x % 32));
    const uint32_t* a = left.value.at;
    const uint32_t b = right.value.at[first];
    if constexpr (kSigned) {
      asm("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
          "{%7, %7, %7, %7};"
          : "=r"(c[0]), "=r"(c[1]), "=r"(c[2]), "=r"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(b), "r"(0));
    } else {
      asm("mma.sync.aligned.m16n8k16.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
          "{%7, %7, %7, %7};"
          : "=r"(c[0]), "=r"(c[1]), "=r"(c[2]), "=r"(c[3])
          : "r"(a[0]), "r"(a[1]), "r"(b), "r"(0));
    }
  }

  /// The lowest bytes of both, the first one's below.
  __device__ __forceinline__ uint16_t low_bytes(int32_t first, int32_t second) {
    return static_cast<uint16_t>(
        __byte_perm(static_cast<uint32_t>(first), static_cast<uint32_t>(second), 0x0040));
  }

  __device__ __forceinline__ void set_bits(uint32_t* word, uint32_t bits) { atomicOr(word, bits); }
  __device__ __forceinline__ void lower(uint32_t* word, uint32_t value) { atomicMin(word, value); }
  __device__ __forceinline__ void exclusive_or(uint32_t* word, uint32_t mask) { atomicXor(word, mask); }
  __device__ __forceinline__ void prefetch(const uint32_t* word) {
    asm volatile("prefetch.global.L1 [%0];" ::"l"(word));
  }

  /// A bit of each lane.
  template <typename Condition>
  __device__ __forceinline__ uint32_t ballot(Condition condition) {
    return __ballot_sync(~0u, condition(static_cast<int>(threadIdx.x % 32)));
  }

  /// part = the sum of the lanes' counts; without losses those are zero.
  __device__ __forceinline__ void put_sum(const Lanes<LaneCounts>& lanes, bool with_loss, LaneCounts& part) {
    LaneCounts sum = lanes.value;
    // Of a lane of the warp: at most the samples of a tile.
    const unsigned both =
        __reduce_add_sync(~0u, static_cast<unsigned>(sum.correct) | static_cast<unsigned>(sum.changed) << 16);
    sum.correct = both & 0xFFFF;
    sum.changed = both >> 16;
    sum.distance = held_warp_sum(sum.distance);
    if (with_loss) {
      for (int distance = 16; distance > 0; distance /= 2)
        sum.loss += __shfl_xor_sync(~0u, sum.loss, distance);
    }
    if (threadIdx.x % 32 == 0) part = sum;
  }

 private:
  /// The sum of numbers that are not negative, held at INT64_MAX; in three pieces that 32 bits can sum.
  static __device__ __forceinline__ int64_t held_warp_sum(int64_t value) {
    constexpr int kBits = 26;
    constexpr unsigned kMask = (1u << kBits) - 1;
    const unsigned low = __reduce_add_sync(~0u, static_cast<unsigned>(value) & kMask);
    const unsigned middle =
        __reduce_add_sync(~0u, static_cast<unsigned>(value >> kBits) & kMask) + (low >> kBits);
    const unsigned high =
        __reduce_add_sync(~0u, static_cast<unsigned>(value >> 2 * kBits)) + (middle >> kBits);
    if (high >> (63 - 2 * kBits) != 0) return INT64_MAX;
    return static_cast<int64_t>(high) << 2 * kBits | static_cast<int64_t>(middle & kMask) << kBits |
           (low & kMask);
  }

  int index_, count_;
};

/// Some warps of a block that wait for each other.
class DeviceTeam {
 public:
  __device__ explicit DeviceTeam(int num_warps)
      : index_(static_cast<int>(threadIdx.x) / (32 * num_warps)), num_warps_(num_warps) {}

  __device__ int index() const { return index_; }
  template <typename Body>
  __device__ __forceinline__ void each_warp(Body body) {
    DeviceWarp warp(static_cast<int>(threadIdx.x) / 32 - index_ * num_warps_, num_warps_);
    body(warp);
  }
  __device__ __forceinline__ void wait() {
    asm volatile("bar.sync %0, %1;" ::"r"(index_ + 1), "r"(num_warps_ * 32) : "memory");
  }

 private:
  int index_, num_warps_;
};

/// All threads of a block.
class DeviceBlock {
 public:
  template <typename Body>
  __device__ __forceinline__ void each_thread(Body body) {
    body(static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x));
    __syncthreads();
  }
};

}  // namespace netsurf::cuda
