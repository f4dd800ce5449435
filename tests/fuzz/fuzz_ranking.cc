// Ranking files. Bytes that begin as a zip archive are read as they are; others become the header.json of an
// archive whose arrays and checksums are right, because mutation alone seldom gets past a checksum.
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/rank/npz.h"
#include "engine/rank/ranking.h"

namespace {

std::string archive_around(std::string_view header) {
  static const uint32_t kOrder[] = {2, 0, 3, 1};
  static const double kScore[] = {0.5, -1.25, 1e300, 0};
  std::string order_head = netsurf::npy_head("<u4", 4), score_head = netsurf::npy_head("<f8", 4);
  netsurf::NpzMember members[] = {{"order.npy", order_head, std::as_bytes(std::span(kOrder))},
                                  {"score.npy", score_head, std::as_bytes(std::span(kScore))},
                                  {"header.json", header, {}}};
  return netsurf::write_npz(members);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string bytes(input.starts_with("PK") ? std::string(input) : archive_around(input));
  try {
    netsurf::Ranking ranking = netsurf::ranking_from_npz(bytes, "fuzz");
    // What was accepted must survive a round trip.
    netsurf::Ranking again = netsurf::ranking_from_npz(netsurf::ranking_to_npz(ranking), "again");
    if (again.digest() != ranking.digest() || again.score != ranking.score || again.seed != ranking.seed)
      std::abort();
  } catch (const netsurf::FormatError&) {
  } catch (const netsurf::InputError&) {
    std::abort();  // what was read can be written
  }
  return 0;
}
