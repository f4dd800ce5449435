#include "models/idx.h"

#include <algorithm>
#include <string>

#include "engine/base/error.h"
#include "models/bytes.h"
#include "models/gzip.h"

namespace netsurf {
namespace {

constexpr uint32_t kUnsignedBytes = 0x08;
constexpr uint32_t kMaxRank = 4;

std::string expected_magic(int rank) {
  switch (rank) {
    case 0:
      return "2049 (labels), 2051 (images) or another IDX magic for unsigned bytes";
    case 1:
      return "2049 (labels)";
    case 3:
      return "2051 (images)";
    default:
      return std::to_string((kUnsignedBytes << 8) + static_cast<uint32_t>(rank));
  }
}

}  // namespace

NumberArray parse_idx(std::string_view bytes, std::string_view file, int rank) {
  ByteReader reader(bytes, file);
  uint32_t magic = reader.take_u32_big("the IDX magic");
  uint32_t found_rank = magic & 0xff;
  bool right_rank =
      rank == 0 ? found_rank >= 1 && found_rank <= kMaxRank : found_rank == static_cast<uint32_t>(rank);
  if ((magic >> 8) != kUnsignedBytes || !right_rank) {
    reader.fail(0, "magic " + std::to_string(magic) + ", expected " + expected_magic(rank));
  }
  NumberArray array;
  array.is_integer = true;
  for (uint32_t i = 0; i < found_rank; ++i) array.shape.push_back(reader.take_u32_big("the IDX header"));
  uint64_t count = bounded_product(array.shape, reader.remaining());
  if (count != reader.remaining()) {
    reader.fail(reader.offset(),
                "the header says " + sizes_text(array.shape) + " values of one byte, found " +
                    std::to_string(reader.remaining()) + " bytes" +
                    (count > reader.remaining() ? "; the file is truncated" : " more than expected"));
  }
  std::string_view data = reader.take(count, "the values");
  array.values.resize(count);
  std::transform(data.begin(), data.end(), array.values.begin(),
                 [](char c) { return static_cast<float>(static_cast<uint8_t>(c)); });
  return array;
}

NumberArray read_idx(const std::filesystem::path& path, int rank) {
  return parse_idx(read_plain_or_gzip(path, kMaxArrayBytes), path.string(), rank);
}

}  // namespace netsurf
