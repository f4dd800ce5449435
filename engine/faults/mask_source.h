// What a fault model is: a way to draw the flips of any range of trials. A new fault model is one class here,
// one row in make_mask_source, and a law test.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/faults/sampler.h"
#include "engine/faults/trial.h"

namespace netsurf {

class MaskSource {
 public:
  virtual ~MaskSource() = default;

  /// Fills batch.offset and batch.bits for trials [begin, end), on up to num_threads threads. Bits that
  /// protection makes immune may still be in it.
  virtual void draw(uint64_t begin, uint64_t end, int num_threads, FaultBatch& batch) = 0;
  virtual uint64_t epoch_size() const { return 1; }
  virtual bool is_short_slice(uint64_t) const { return false; }
  virtual double expected_flips(uint64_t num_unprotected) const = 0;
};

std::unique_ptr<MaskSource> make_mask_source(const BitSpace& space, const FaultSpec& faults,
                                             const Protection& protection);

/// The Philox key of a stream: the first 64 bits of a SHA-256 over what decides it (docs/reproducibility.md).
uint64_t stream_key(const BitSpace& space, const FaultSpec& faults);

std::unique_ptr<MaskSource> make_independent_source(const BitSpace& space, const FaultSpec& faults);
std::unique_ptr<MaskSource> make_rotation_source(const BitSpace& space, const FaultSpec& faults);
std::unique_ptr<MaskSource> make_slice_source(const BitSpace& space, const FaultSpec& faults,
                                              const Protection& protection);
std::unique_ptr<MaskSource> make_table_source(const BitSpace& space, const FaultSpec& faults);

}  // namespace netsurf
