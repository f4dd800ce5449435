// Fault lists a second time, from docs/reproducibility.md alone: keys, counters, tables and slices, one trial
// at a time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/faults/trial.h"
#include "engine/model/model.h"

namespace netsurf::naive {

/// The BitSpace digest of a model: 64 hex digits.
std::string bit_space_digest(const Model& model, bool stored);

/// Entries of the binomial inverse table for n bits at rate P x 2^-64: a count is the number of entries <= a
/// 64-bit draw.
std::vector<uint64_t> binomial_entries(int n, uint64_t rate);

class NaiveSampler {
 public:
  NaiveSampler(std::string space_digest, uint64_t num_bits, FaultSpec faults, Protection protection);

  /// The bits that flip in one trial after protection, in BitId order.
  std::vector<BitId> flips(uint64_t trial) const;

 private:
  std::array<uint32_t, 4> draw(uint64_t trial, uint32_t index, uint32_t purpose, uint32_t number) const;
  bool is_immune(BitId bit) const;
  std::vector<BitId> all_unprotected() const;
  void add_block(uint64_t trial, uint32_t block, std::vector<BitId>& flips) const;
  std::vector<BitId> independent(uint64_t trial) const;
  std::vector<BitId> rotation(uint64_t trial) const;
  std::vector<BitId> slice(uint64_t trial) const;

  uint64_t num_bits_;
  FaultSpec faults_;
  Protection protection_;
  uint64_t num_immune_ = 0;
  uint64_t rate_ = 0;  // P
  std::array<uint32_t, 2> key_{};
};

}  // namespace netsurf::naive
