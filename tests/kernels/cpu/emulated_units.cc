#pragma GCC diagnostic ignored "-Wpsabi"  // no vector crosses a function's edge that is not inlined

#include "tests/kernels/cpu/emulated_units.h"

#include <cstring>
#include <stdexcept>

#include "kernels/cpu/packed_corrections.h"
#include "kernels/cpu/packed_loops.h"
#include "kernels/cpu/packed_tiles.h"

namespace netsurf::cpu {
namespace {

int32_t half_of(uint32_t word, int i) { return static_cast<int16_t>(word >> (16 * i)); }
int32_t byte_of(uint32_t word, int i) { return static_cast<int8_t>(word >> (8 * i)); }
int32_t code_of(uint32_t word, int i) { return static_cast<uint8_t>(word >> (8 * i)); }

template <int kNumLanes, int kQuadsAtOnce, int kPixelsAtOnce, ByteWay kWay>
struct Emulated {
  static constexpr int kLanes = kNumLanes, kVectors = 2, kQuads = kQuadsAtOnce, kPositions = kPixelsAtOnce;
  static constexpr ByteWay kBytes = kWay;
  using Words = typename Vector<kLanes>::Words;

  static NETSURF_INLINE void add_halves(Words& sum, const Words& x, const Words& w) {
    for (int i = 0; i < kLanes; ++i)
      sum[i] += static_cast<uint32_t>(half_of(x[i], 0) * half_of(w[i], 0)) +
                static_cast<uint32_t>(half_of(x[i], 1) * half_of(w[i], 1));
  }
  static NETSURF_INLINE void add_bytes(Words& sum, const Words& x, const Words& w) {
    for (int i = 0; i < kLanes; ++i) {
      for (int j = 0; j < 4; ++j) sum[i] += static_cast<uint32_t>(code_of(x[i], j) * byte_of(w[i], j));
    }
  }
  static NETSURF_INLINE Words pair_sums(const Words& x, const Words& w) {
    Words sums = {};
    for (int i = 0; i < kLanes; ++i) {
      for (int j = 0; j < 4; j += 2) {
        int32_t sum = code_of(x[i], j) * byte_of(w[i], j) + code_of(x[i], j + 1) * byte_of(w[i], j + 1);
        sum = sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum;
        sums[i] |= (static_cast<uint32_t>(sum) & 0xFFFF) << (8 * j);
      }
    }
    return sums;
  }
  static NETSURF_INLINE void add_pair_sums(typename Vector<kLanes>::Halves& sums, const Words& x,
                                           const Words& w) {
    sums += (typename Vector<kLanes>::Halves)pair_sums(x, w);
  }
};

/// Tiles of 16 rows of 64 bytes, as a matrix unit has them; what a configuration leaves out reads as zeros.
class EmulatedTiles {
 public:
  static constexpr int kLanes = 16;

  static void configure(int words) { words_ = words; }
  static void release() { words_ = 0; }
  template <int kNumber>
  static void zero() {
    std::memset(tiles_[kNumber], 0, sizeof tiles_[kNumber]);
  }
  template <int kNumber>
  static void load(const void* from, int64_t stride) {
    require_configured();
    bool codes = is_codes_tile(kNumber);
    zero<kNumber>();
    for (int row = 0; row < (codes ? words_ : 16); ++row)
      std::memcpy(tiles_[kNumber][row], static_cast<const uint8_t*>(from) + row * stride,
                  static_cast<size_t>(is_kernel_tile(kNumber) ? 4 * words_ : 64));
  }
  template <int kNumber>
  static void load_once(const void* from, int64_t stride) {
    load<kNumber>(from, stride);
  }
  template <int kSums, int kKernels, int kCodes>
  static void multiply() {
    require_configured();
    for (int m = 0; m < 16; ++m) {
      for (int n = 0; n < 16; ++n) {
        uint32_t sum;
        std::memcpy(&sum, &tiles_[kSums][m][4 * n], sizeof sum);
        for (int k = 0; k < 4 * words_; ++k)
          sum += static_cast<uint32_t>(static_cast<int8_t>(tiles_[kKernels][m][k]) *
                                       tiles_[kCodes][k / 4][4 * n + k % 4]);
        std::memcpy(&tiles_[kSums][m][4 * n], &sum, sizeof sum);
      }
    }
  }
  template <int kNumber>
  static void store(void* to, int64_t stride) {
    require_configured();
    for (int row = 0; row < 16; ++row)
      std::memcpy(static_cast<uint8_t*>(to) + row * stride, tiles_[kNumber][row], 64);
  }
  static void others(const LevelLayer& layer, const QuadJob* jobs, int num_jobs, TileJob* tiles,
                     int num_tiles, const Scratch& scratch) {
    if (words_ != 0) throw std::logic_error("the matrix unit was not released");
    sums_portable(layer, jobs, num_jobs, tiles, num_tiles, scratch);
  }

 private:
  static void require_configured() {
    if (words_ < 1 || words_ > kMatrixWords) throw std::logic_error("the matrix unit is not configured");
  }

  static thread_local int words_;
  static thread_local uint8_t tiles_[8][16][64];
};

thread_local int EmulatedTiles::words_ = 0;
thread_local uint8_t EmulatedTiles::tiles_[8][16][64];

template <typename Unit>
constexpr PackedKernels kEmulated = {
    [](const PackedSums& layer, std::span<const QuadJob> quads, std::span<TileJob> tiles) {
      run_sums(sum_with_unit<Unit>, layer, quads, tiles);
    },
    [](const PackedSums& layer, std::span<const QuadJob> quads, std::span<const Run> differing,
       std::span<TileJob> tiles) { run_update(sum_with_unit<Unit>, layer, quads, differing, tiles); },
    [](const PackedSums& layer, std::span<const ChannelJob> channels, std::span<TileJob> tiles) {
      run_correct(correct_with_unit<Unit>, layer, channels, tiles);
    }};

constexpr PackedKernels kEmulatedAmx = {
    [](const PackedSums& layer, std::span<const QuadJob> quads, std::span<TileJob> tiles) {
      run_sums(sum_with_tiles<EmulatedTiles>, layer, quads, tiles);
    },
    [](const PackedSums& layer, std::span<const QuadJob> quads, std::span<const Run> differing,
       std::span<TileJob> tiles) {
      run_update(sum_with_tiles<EmulatedTiles>, layer, quads, differing, tiles);
    },
    [](const PackedSums& layer, std::span<const ChannelJob> channels, std::span<TileJob> tiles) {
      run_correct(correct_portable, layer, channels, tiles);
    }};

}  // namespace

const PackedKernels& emulated_avx2() { return kEmulated<Emulated<8, 1, 1, ByteWay::pairs>>; }
const PackedKernels& emulated_avx_vnni() { return kEmulated<Emulated<8, 1, 1, ByteWay::dot>>; }
const PackedKernels& emulated_avx512_vnni() { return kEmulated<Emulated<16, 2, 2, ByteWay::dot>>; }

const PackedKernels& emulated_amx() { return kEmulatedAmx; }

}  // namespace netsurf::cpu
