// Damage files. Bytes that begin as a zip archive are read as they are; others become the header.json of an
// archive whose arrays and checksums are right, because mutation alone seldom gets past a checksum.
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/rank/damage.h"
#include "engine/rank/npz.h"

namespace {

std::string archive_around(std::string_view header) {
  static const uint32_t kBits[] = {0, 3, 8};
  static const double kLoss[] = {0.5, -1e-300, 0}, kAccuracy[] = {-0.25, 0.05, 0};
  static const double kChanged[] = {0.3, 0.05, 0}, kDistance[] = {1e6, 0.5, 0};
  std::string bits = netsurf::npy_head("<u4", 3), column = netsurf::npy_head("<f8", 3);
  netsurf::NpzMember members[] = {{"bits.npy", bits, std::as_bytes(std::span(kBits))},
                                  {"loss.npy", column, std::as_bytes(std::span(kLoss))},
                                  {"accuracy.npy", column, std::as_bytes(std::span(kAccuracy))},
                                  {"changed.npy", column, std::as_bytes(std::span(kChanged))},
                                  {"distance.npy", column, std::as_bytes(std::span(kDistance))},
                                  {"header.json", header, {}}};
  return netsurf::write_npz(members);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string bytes(input.starts_with("PK") ? std::string(input) : archive_around(input));
  try {
    netsurf::Damage damage = netsurf::damage_from_npz(bytes, "fuzz");
    // What was accepted must survive a round trip.
    netsurf::Damage again = netsurf::damage_from_npz(netsurf::damage_to_npz(damage), "again");
    if (again.digest() != damage.digest()) std::abort();
  } catch (const netsurf::FormatError&) {
  } catch (const netsurf::InputError&) {
    std::abort();  // what was read can be written
  }
  return 0;
}
