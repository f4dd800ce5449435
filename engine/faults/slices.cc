#include "engine/faults/slices.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace netsurf {
namespace {

constexpr int kMembers = 16;        // of a bucket, about
constexpr int kMaxBucketBits = 16;  // the buckets' counters stay in the second-level cache
constexpr uint32_t kMixed = ~uint32_t{0};

}  // namespace

// An item needs its slice and not its rank, and most find it without a sort: the leading bits of a number
// tell its rank to within a bucket, so only buckets in which one slice ends and the next begins are sorted.
std::vector<uint32_t> slices_by_rank(std::span<const uint64_t> numbers, uint64_t length) {
  const int bits = std::clamp(static_cast<int>(std::bit_width(numbers.size() / kMembers)), 1, kMaxBucketBits);
  auto bucket_of = [bits](uint64_t number) { return number >> (64 - bits); };
  std::vector<uint64_t> rank((size_t{1} << bits) + 1, 0);  // [bucket] = rank of its first member
  for (uint64_t number : numbers) ++rank[bucket_of(number) + 1];
  std::partial_sum(rank.begin(), rank.end(), rank.begin());

  std::vector<uint32_t> slice_of_bucket(rank.size() - 1);
  for (size_t bucket = 0; bucket < slice_of_bucket.size(); ++bucket) {
    uint64_t slice = rank[bucket] / length;
    slice_of_bucket[bucket] =
        rank[bucket + 1] <= (slice + 1) * length ? static_cast<uint32_t>(slice) : kMixed;
  }
  std::vector<uint32_t> slice_of(numbers.size());
  std::vector<std::pair<uint64_t, uint32_t>> mixed;  // (number, item)
  for (size_t item = 0; item < numbers.size(); ++item) {
    slice_of[item] = slice_of_bucket[bucket_of(numbers[item])];
    if (slice_of[item] == kMixed) mixed.emplace_back(numbers[item], static_cast<uint32_t>(item));
  }
  std::sort(mixed.begin(), mixed.end());
  for (const auto& [number, item] : mixed)
    slice_of[item] = static_cast<uint32_t>(rank[bucket_of(number)]++ / length);

  std::vector<uint64_t> next((numbers.size() + length - 1) / length);  // [slice] = place of its next item
  for (size_t slice = 0; slice < next.size(); ++slice) next[slice] = slice * length;
  std::vector<uint32_t> order(numbers.size());
  for (size_t item = 0; item < numbers.size(); ++item)
    order[next[slice_of[item]]++] = static_cast<uint32_t>(item);
  return order;
}

}  // namespace netsurf
