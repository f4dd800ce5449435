#include "engine/faults/mask_source.h"

#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace netsurf {

uint64_t stream_key(const BitSpace& space, const FaultSpec& faults) {
  Digest digest;
  digest.add("netsurf faults 1").add(space.digest()).add(static_cast<int64_t>(faults.seed));
  digest.add(name_of(faults.model)).add(name_of(faults.design)).add(faults.bit_error_rate.text());
  return digest.first_64_bits();
}

std::unique_ptr<MaskSource> make_mask_source(const BitSpace& space, const FaultSpec& faults,
                                             const Protection& protection) {
  if (faults.design == Design::rotation && faults.model != FaultModel::bernoulli) {
    throw InputError("design rotation goes with fault model bernoulli, not with " +
                     std::string(name_of(faults.model)));
  }
  switch (faults.model) {
    case FaultModel::bernoulli:
      return faults.design == Design::rotation ? make_rotation_source(space, faults)
                                               : make_independent_source(space, faults);
    case FaultModel::exact:
    case FaultModel::coverage:
      return make_slice_source(space, faults, protection);
    case FaultModel::list:
      break;
  }
  return make_table_source(space, faults);
}

}  // namespace netsurf
