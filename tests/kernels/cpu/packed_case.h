// Random layers for the packed kernels and what must come out, computed from the words of
// kernels/cpu/packed.h one element at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cpu/packed.h"
#include "tests/support/random.h"

namespace netsurf::cpu {

/// Memory of exactly `size` bytes on a 64-byte line, so that a sanitizer sees what reads past it.
class Lines {
 public:
  Lines(size_t size, testing::Random& random);
  Lines(const Lines& other);
  Lines& operator=(const Lines& other);
  uint8_t* bytes() const { return memory_.get(); }
  int32_t* ints() const { return reinterpret_cast<int32_t*>(memory_.get()); }
  size_t size() const { return size_; }
  bool operator==(const Lines& other) const;

 private:
  struct Free {
    void operator()(uint8_t* memory) const;
  };
  size_t size_ = 0;
  std::unique_ptr<uint8_t, Free> memory_;
};

/// A channel of an affine layer: scale x sum + shift, with so many fraction bits more than the code.
struct AffineChannel {
  int64_t scale = 1, shift = 0;
  int right_shift = 0;
};

/// What core::requantize_plainly makes of a sum, less the stored offset; of a scaled finish, what it makes of
/// what the channel makes of the sum, and what the step makes of that.
int32_t stored_code(int32_t sum, const Finish& finish, const AffineChannel& channel = {});

/// One layer with its jobs, its tiles, and what they hold before and must hold after.
class PackedCase {
 public:
  explicit PackedCase(uint64_t seed);
  PackedCase(const PackedCase&) = delete;  // spans into itself
  PackedCase& operator=(const PackedCase&) = delete;

  /// Do the jobs with these kernels; what is wrong, or nothing.
  std::string run_sums(const PackedKernels& kernels) const;
  std::string run_update(const PackedKernels& kernels) const;
  std::string run_correct(const PackedKernels& kernels) const;

  const PackedSums& layer() const { return layer_; }

 private:
  struct Tile {
    Lines x, clean_x, sums, packed, clean_sums, clean_packed;
    bool with_sums = false, with_packed = false, with_clean = false;
    bool changed = false;
  };
  using Tiles = std::vector<Tile>;

  void draw_layer();
  void draw_kernel();
  void draw_finish();
  void draw_scalings();
  void draw_out_words();
  void draw_tiles();
  void draw_quads();
  void draw_channels();
  /// Tiles whose codes differ from clean ones here and there, and the clean sums.
  void draw_update();
  /// Faults of the updated quads' own.
  void draw_own();
  /// At least none, as many as nine corrections of one channel.
  std::vector<Correction> draw_corrections();
  int32_t draw_word(int32_t largest, bool is_signed);

  /// What the jobs do to a tile.
  void sum(Tile& tile) const;
  void correct(Tile& tile) const;
  /// What a channel's corrections add to its sum at a pixel, of words of `x`.
  uint32_t correction_at(const ChannelJob& job, const Lines& x, int32_t pixel, int sample) const;
  /// The same for all tiles, after making some tiles' clean words equal to the result, or almost.
  template <typename Do>
  Tiles expect(Tiles& before, Do what);
  /// Puts the codes of a channel at one sample into their places, from its sums at all pixels.
  void put_codes(const std::vector<uint32_t>& sums, const AffineChannel& affine, int channel, int sample,
                 Tile& tile) const;
  static std::vector<TileJob> jobs_of(const Tiles& tiles);
  std::string compare(const Tiles& got, const std::vector<TileJob>& jobs, const Tiles& want) const;
  int64_t sum_at(size_t pixel, int channel, int sample) const {
    return (static_cast<int64_t>(pixel) * layer_.num_outputs + channel) * kTile + sample;
  }

  uint64_t seed_;
  testing::Random random_;
  int x_words_ = 0, packed_words_ = 0;
  PackedSums layer_;
  Finish finish_;
  bool is_plain_ = false;  // of the common kind, for which the loops have code of their own
  std::vector<int32_t> pixels_, out_words_;
  std::vector<Run> runs_;
  std::vector<int8_t> weights_;  // [quads, kQuad, row_words, 4 bytes]
  std::vector<int32_t> start_;
  std::vector<int8_t> moved_weights_;  // of a job whose rows lie elsewhere
  // Of a scaled finish, per channel, absent ones of the last quad among them: in the clean network, and where
  // the channel is corrected or its quad lies elsewhere.
  std::vector<AffineChannel> affine_, moved_affine_;
  std::vector<Scaling> scalings_, moved_scalings_;
  bool turns_ =
      false;  // the pool stands behind the affine layer: the largest code counts, not that of the largest sum
  int moved_quad_ = -1;
  std::vector<QuadJob> quads_;
  std::vector<std::vector<Correction>> corrections_;
  std::vector<ChannelJob> channels_;
  std::vector<std::vector<Correction>> own_corrections_;
  std::vector<std::vector<ChannelJob>> own_;  // [updated quads]
  std::vector<QuadJob> updated_quads_;        // those of quads_, with their own faults
  std::vector<Run> differing_;
  Tiles before_sums_, after_sums_, before_update_, after_update_, before_correct_, after_correct_;
};

}  // namespace netsurf::cpu
