// A model as stages over packed tensors: the paths dense and delta. Runs of sums, pool and activation are one
// stage where the arithmetic allows; every other layer runs as on the plain path. Built once, read by all
// threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/backend/packed_layer.h"
#include "engine/backend/plain_network.h"
#include "engine/faults/bit_space.h"

namespace netsurf {

/// A tensor of one tile.
struct Slot {
  enum class Kind : uint8_t {
    narrow,  // codes in 32 bits [elements, kTile]
    wide,    // the same in 64
    packed,  // words (kernels/cpu/packed.h)
  };

  Kind kind = Kind::narrow;
  int layer = -1;           // narrow, wide: whose buffer it is
  uint32_t fill = 0;        // packed: a word of code 0, for borders
  int64_t bytes = 0;        // a multiple of kAlignment
  bool can_change = false;  // some fault changes it
  bool kept = false;        // its clean content is needed while trials run
};

inline constexpr int64_t kAlignment = 64;

/// Lets a plain layer find the codes of a slot. REQUIRES: not packed.
void place_codes(const Slot& slot, uint8_t* content, Activations& activations);

struct Stage {
  enum class Kind : uint8_t {
    plain,  // one layer of the plain network
    pack,   // narrow codes to words
    sums,   // a packed layer, with or without a finish
  };

  Kind kind = Kind::plain;
  int layer = -1;
  std::vector<int> inputs = {};  // slots
  int output = -1;
  const PackedLayer* packed = nullptr;  // sums: the layer; pack: the layer that reads
  int clean_sums = -1;  // sums: the slot of its sums without faults where corrections may use them
  int writer = -1;      // sums: the stage of sums that writes the input, or -1
  std::vector<int> plain_parameters = {};  // plain: those it reads
  bool has_bits = false;                   // holds bits that can flip
  bool can_change = false;                 // those, or an input that can change
};

class PackedNetwork {
 public:
  /// Keeps a reference to the plain network. Without `keeps_clean` only what no fault can change is kept,
  /// enough for trials that compute every stage anew (PreparedTrial::anew).
  PackedNetwork(const PlainNetwork& plain, const BitSpace& space, bool keeps_clean);

  const PlainNetwork& plain() const { return plain_; }
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Stage>& stages() const { return stages_; }  // in an order in which they can run
  int input_slot() const { return 0; }
  int scored_slot() const { return scored_slot_; }

  /// The stages of packed layers that use a parameter.
  const std::vector<int>& packed_users(int parameter) const {
    return packed_users_[static_cast<size_t>(parameter)];
  }
  /// Whether a plain stage reads a parameter.
  bool has_plain_user(int parameter) const { return has_plain_user_[static_cast<size_t>(parameter)] != 0; }

 private:
  const PlainNetwork& plain_;
  std::vector<std::unique_ptr<PackedLayer>> layers_;
  std::vector<Slot> slots_;
  std::vector<Stage> stages_;
  int scored_slot_ = -1;
  std::vector<std::vector<int>> packed_users_;
  std::vector<uint8_t> has_plain_user_;

  friend class PackedNetworkBuilder;
};

}  // namespace netsurf
