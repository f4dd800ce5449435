// A ranking: a total order over the bits of a BitSpace, most important first, with the score that gave it and
// where it came from. Stored as an .npz archive (order.npy uint32, score.npy float64, header.json); the
// layout is in docs/rankings.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/faults/bit_space.h"

namespace netsurf {

struct Ranking {
  std::string method;      // canonical ranker name, e.g. "bitwise_msb"
  std::string order_mode;  // "planes" or "global"
  std::string suffix;      // free text of the person who ranked, may be empty
  std::string options;     // the method's settings that are not its defaults: "key=value key=value"
  std::string model_digest;
  std::string bit_space_digest;
  std::string data_digest;  // EvaluationSet::digest of the samples it read; empty when it read none
  uint64_t seed = 0;
  double seconds = 0;         // time to rank; not part of the digest
  std::vector<BitId> order;   // [bits], each id once
  std::vector<double> score;  // [bits], score[BitId], finite

  /// SHA-256 over bit space digest, method, order mode and order: what protects, not where it came from.
  std::string digest() const;
  /// rank[BitId] = place in `order`; what Protection wants.
  std::shared_ptr<const std::vector<uint32_t>> ranks() const;
};

/// Writes the archive in one step. The bytes depend on nothing but the fields: saving twice gives the same
/// file. Throws InputError when the ranking breaks its own rules (order no permutation, score not finite),
/// RunError when writing fails.
void save_ranking(const Ranking& ranking, const std::filesystem::path& path);
/// Throws InputError when missing, FormatError when it is not a ranking or `order` is not a permutation.
Ranking load_ranking(const std::filesystem::path& path);

/// The archive's bytes, as save_ranking writes them. Throws InputError as save_ranking does.
std::string ranking_to_npz(const Ranking& ranking);
/// Reads an archive that came from outside; `name` stands in front of error messages. Throws FormatError.
Ranking ranking_from_npz(std::string_view bytes, std::string_view name);

}  // namespace netsurf
