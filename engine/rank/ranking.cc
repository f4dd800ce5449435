#include "engine/rank/ranking.h"

#include <cmath>
#include <optional>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/rank/artifact_header.h"
#include "engine/rank/npz.h"

namespace netsurf {
namespace {

constexpr std::string_view kKind = "ranking";
constexpr uint64_t kVersion = 1;
constexpr uint64_t kMaxBits = uint64_t{1} << 32;
constexpr uint64_t kMaxFileBytes = kMaxBits * (sizeof(BitId) + sizeof(double)) + 2 * kMaxHeaderBytes;

/// What is wrong with the order or the scores, if anything.
std::optional<std::string> find_flaw(const Ranking& ranking) {
  size_t bits = ranking.order.size();
  if (ranking.score.size() != bits) {
    return std::to_string(ranking.score.size()) + " scores for " + std::to_string(bits) +
           " bits; expected one each";
  }
  std::vector<bool> seen(bits);
  for (size_t place = 0; place < bits; ++place) {
    BitId id = ranking.order[place];
    if (id >= bits || seen[id]) {
      return "order[" + std::to_string(place) + "] is bit " + std::to_string(id) +
             (id >= bits ? ", beyond the " + std::to_string(bits) + " bits" : ", which stands there twice") +
             "; expected every bit exactly once";
    }
    seen[id] = true;
  }
  for (size_t id = 0; id < bits; ++id) {
    if (!std::isfinite(ranking.score[id])) {
      return "the score of bit " + std::to_string(id) + " is not a finite number";
    }
  }
  return std::nullopt;
}

std::string header_of(const Ranking& ranking) {
  return header_text({{"kind", "netsurf " + std::string(kKind)},
                      {"version", kVersion},
                      {"method", ranking.method},
                      {"order_mode", ranking.order_mode},
                      {"suffix", ranking.suffix},
                      {"options", ranking.options},
                      {"model_digest", ranking.model_digest},
                      {"bit_space_digest", ranking.bit_space_digest},
                      {"data_digest", ranking.data_digest},
                      {"bits", ranking.order.size()},
                      {"seed", ranking.seed},
                      {"seconds", std::isfinite(ranking.seconds) ? ranking.seconds : 0.0},
                      {"digest", ranking.digest()}});
}

}  // namespace

std::string Ranking::digest() const {
  return Digest()
      .add("netsurf ranking")
      .add(bit_space_digest)
      .add(method)
      .add(order_mode)
      .add_bytes(std::as_bytes(std::span(order)))
      .hex();
}

std::shared_ptr<const std::vector<uint32_t>> Ranking::ranks() const {
  auto rank = std::make_shared<std::vector<uint32_t>>(order.size());
  for (size_t place = 0; place < order.size(); ++place) (*rank)[order[place]] = static_cast<uint32_t>(place);
  return rank;
}

std::string ranking_to_npz(const Ranking& ranking) {
  if (auto flaw = find_flaw(ranking)) throw InputError("this ranking cannot be saved: " + *flaw);
  if (ranking.order_mode != "planes" && ranking.order_mode != "global") {
    throw InputError("this ranking cannot be saved: order mode \"" + ranking.order_mode +
                     "\"; expected planes or global");
  }
  std::string header = header_of(ranking);
  std::string order_head = npy_head("<u4", ranking.order.size());
  std::string score_head = npy_head("<f8", ranking.score.size());
  NpzMember members[] = {{"order.npy", order_head, std::as_bytes(std::span(ranking.order))},
                         {"score.npy", score_head, std::as_bytes(std::span(ranking.score))},
                         {"header.json", header, {}}};
  return write_npz(members);
}

void save_ranking(const Ranking& ranking, const std::filesystem::path& path) {
  write_file(path, ranking_to_npz(ranking));
}

Ranking ranking_from_npz(std::string_view bytes, std::string_view name) {
  NpzReader archive(bytes, name);
  ArtifactHeader header(archive.text("header.json", kMaxHeaderBytes), kKind, kVersion, name);
  Ranking ranking;
  ranking.method = header.string("method");
  ranking.order_mode = header.string("order_mode");
  ranking.suffix = header.string("suffix");
  ranking.model_digest = header.string("model_digest");
  ranking.bit_space_digest = header.string("bit_space_digest");
  ranking.options = header.string_if_there("options");
  ranking.data_digest = header.string_if_there("data_digest");
  ranking.seed = header.number("seed");
  ranking.seconds = header.real("seconds");
  if (ranking.order_mode != "planes" && ranking.order_mode != "global") {
    header.refuse("order mode \"" + ranking.order_mode + "\"; expected planes or global");
  }
  uint64_t bits = header.number("bits");
  if (bits >= kMaxBits) header.refuse(std::to_string(bits) + " bits; expected fewer than 2^32");
  archive.array("order.npy", "<u4", bits, ranking.order);
  archive.array("score.npy", "<f8", bits, ranking.score);
  if (auto flaw = find_flaw(ranking)) header.refuse(*flaw);
  std::string digest = ranking.digest();
  if (header.string("digest") != digest) {
    header.refuse("header.json says digest \"" + header.string("digest") + "\", but the content gives " +
                  digest + "; the file was changed after it was written, rank again");
  }
  return ranking;
}

Ranking load_ranking(const std::filesystem::path& path) {
  return ranking_from_npz(read_file(path, kMaxFileBytes), path.string());
}

}  // namespace netsurf
