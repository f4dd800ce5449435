// The same teams and warps on the host, one after another, for tests without a device.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/cuda/counts.h"

namespace netsurf::cuda {

class HostWarp {
 public:
  static constexpr int kLanes = 32;

  struct Four {
    uint32_t at[4];
  };
  struct Two {
    uint32_t at[2];
  };
  template <typename T>
  struct Lanes {
    T value[kLanes];
    T& operator[](int lane) { return value[lane]; }
    const T& operator[](int lane) const { return value[lane]; }
  };

  HostWarp(int index, int count) : index_(index), count_(count) {}
  int index() const { return index_; }
  int count() const { return count_; }

  template <typename Body>
  void each_lane(Body body) {
    for (int lane = 0; lane < kLanes; ++lane) body(lane);
  }

  template <typename Address>
  void load(Lanes<Four>& four, const uint8_t* shared, Address address) {
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int matrix = 0; matrix < 4; ++matrix) {
        uint32_t row = address(8 * matrix + lane / 4);
        std::memcpy(&four[lane].at[matrix], shared + row + 4 * (lane % 4), 4);
      }
    }
  }

  template <typename Address>
  void load_half(Lanes<Two>& two, const uint8_t* shared, Address address) {
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int half = 0; half < 2; ++half) std::memcpy(&two[lane].at[half], shared + address(lane, half), 4);
    }
  }

  template <bool kSigned, bool kBegins, typename Sums>
  void multiply(const Lanes<Four>& left, const Lanes<Four>& right, int first, Sums sums) {
    for (int lane = 0; lane < kLanes; ++lane) {
      int32_t(&c)[4] = sums(lane);
      for (int element = 0; element < 4; ++element) {
        if (kBegins) c[element] = 0;
        int row = lane / 4 + 8 * (element / 2), column = 2 * (lane % 4) + element % 2;
        for (int k = 0; k < 32; ++k) {
          // Lane 4 r + q has bytes 4 q .. + 3 of row r: register 0 and 1 of rows 0-7 and 8-15, 2 and 3
          // sixteen bytes on.
          uint32_t a = left[row % 8 * 4 + k % 16 / 4].at[row / 8 + 2 * (k / 16)];
          uint32_t b = right[column * 4 + k % 16 / 4].at[first + k / 16];
          auto x = static_cast<uint8_t>(a >> (8 * (k % 4)));
          auto w = static_cast<int8_t>(static_cast<uint8_t>(b >> (8 * (k % 4))));
          c[element] += (kSigned ? static_cast<int8_t>(x) : static_cast<int32_t>(x)) * w;
        }
      }
    }
  }

  template <bool kSigned, typename Sums>
  void multiply_half(const Lanes<Two>& left, const Lanes<Four>& right, int first, Sums sums) {
    for (int lane = 0; lane < kLanes; ++lane) {
      int32_t(&c)[4] = sums(lane);
      for (int element = 0; element < 4; ++element) {
        int row = lane / 4 + 8 * (element / 2), column = 2 * (lane % 4) + element % 2;
        c[element] = 0;
        for (int k = 0; k < 16; ++k) {
          uint32_t a = left[row % 8 * 4 + k / 4].at[row / 8], b = right[column * 4 + k / 4].at[first];
          auto x = static_cast<uint8_t>(a >> (8 * (k % 4)));
          auto w = static_cast<int8_t>(static_cast<uint8_t>(b >> (8 * (k % 4))));
          c[element] += (kSigned ? static_cast<int8_t>(x) : static_cast<int32_t>(x)) * w;
        }
      }
    }
  }

  uint16_t low_bytes(int32_t first, int32_t second) {
    return static_cast<uint16_t>((first & 0xFF) | (second & 0xFF) << 8);
  }

  void set_bits(uint32_t* word, uint32_t bits) { *word |= bits; }
  void lower(uint32_t* word, uint32_t value) { *word = value < *word ? value : *word; }
  void exclusive_or(uint32_t* word, uint32_t mask) { *word ^= mask; }

  template <typename Condition>
  uint32_t ballot(Condition condition) {
    uint32_t bits = 0;
    for (int lane = 0; lane < kLanes; ++lane) bits |= static_cast<uint32_t>(condition(lane)) << lane;
    return bits;
  }
  void prefetch(const uint32_t*) {}

  void put_sum(const Lanes<LaneCounts>& lanes, bool, LaneCounts& part) {
    part = {};
    for (const LaneCounts& one : lanes.value) {
      part.correct += one.correct;
      part.changed += one.changed;
      part.loss += one.loss;
      part.distance = core::held_sum(part.distance, one.distance);
    }
  }

 private:
  int index_, count_;
};

class HostTeam {
 public:
  explicit HostTeam(int num_warps) : num_warps_(num_warps) {}

  template <typename Body>
  void each_warp(Body body) {
    for (int i = 0; i < num_warps_; ++i) {
      HostWarp warp(i, num_warps_);
      body(warp);
    }
  }
  void wait() {}

 private:
  int num_warps_;
};

class HostBlock {
 public:
  explicit HostBlock(int num_threads) : num_threads_(num_threads) {}

  template <typename Body>
  void each_thread(Body body) {
    for (int thread = 0; thread < num_threads_; ++thread) body(thread, num_threads_);
  }

 private:
  int num_threads_;
};

}  // namespace netsurf::cuda
