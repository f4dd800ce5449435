// From the flips of a trial to the operands that they change, packed stage by packed stage.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/backend/packed_network.h"
#include "engine/faults/bit_space.h"

namespace netsurf {

/// One element of a parameter whose bits were hit.
struct OperandChange {
  int64_t element = 0;
  int32_t operand = 0;     // the faulty one
  int32_t difference = 0;  // from the clean one, modulo 2^32
};

/// Of one packed layer and its finish, by element.
struct LayerChanges {
  std::vector<OperandChange> kernel, bias, scale, shift;
  bool empty() const { return kernel.empty() && bias.empty() && scale.empty() && shift.empty(); }
  void clear();
};

/// Of a parameter that plain stages read.
struct PlainChanges {
  int parameter = 0;
  std::vector<OperandChange> operands;
};

/// Of one trial.
struct OperandChanges {
  std::vector<LayerChanges> stages;  // [stages]
  std::vector<PlainChanges> plain;
  int64_t count = 0;  // of kernels
};

/// The changes whose element lies in [begin, end).
std::span<const OperandChange> changes_in(std::span<const OperandChange> changes, int64_t begin, int64_t end);

class ChangeFinder {
 public:
  /// Keeps references to both.
  ChangeFinder(const PackedNetwork& network, const BitSpace& space);

  /// `flips` sorted, without repeats. The memory of `changes` is used again.
  void find(std::span<const BitId> flips, OperandChanges& changes) const;

 private:
  void add_segment(const BitSpace::Segment& segment, std::span<const BitId> flips,
                   std::vector<OperandChange>& changes) const;

  const PackedNetwork& network_;
  const BitSpace& space_;
  ParameterOperands clean_;
};

}  // namespace netsurf
