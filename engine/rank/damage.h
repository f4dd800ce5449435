// What flipping each bit alone does to a network, measured: the oracle that rankings are scored by, and its
// file. Stored as an .npz archive (bits.npy uint32, loss.npy, accuracy.npy, changed.npy, distance.npy
// float64, header.json); the layout is in docs/rankings.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/faults/bit_space.h"

namespace netsurf {

struct Damage {
  std::string model_digest, bit_space_digest;
  std::string data_digest;  // EvaluationSet::digest of the samples
  std::string split;        // "test", ...
  int64_t num_samples = 0;
  uint64_t num_bits = 0;         // of the space
  std::vector<BitId> bits;       // those that were flipped, rising; all of the space when exhaustive
  std::vector<double> loss;      // [bits.size()] change of the mean loss, positive is worse; or empty where
                                 // there is nothing to compare with
  std::vector<double> accuracy;  // [bits.size()] change of the accuracy, or empty without labels
  std::vector<double> changed;   // [bits.size()] fraction of samples whose prediction changed
  std::vector<double> distance;  // [bits.size()] mean over samples of squared differences of scored codes

  bool is_exhaustive() const { return bits.size() == num_bits; }
  /// SHA-256 over everything above.
  std::string digest() const;
};

/// Writes the archive in one step. Throws InputError when the damage breaks its own rules, RunError when
/// writing fails.
void save_damage(const Damage& damage, const std::filesystem::path& path);
/// Throws InputError when missing, FormatError when it is not one.
Damage load_damage(const std::filesystem::path& path);

/// The archive's bytes, as save_damage writes them: equal damages give equal bytes. Throws InputError as
/// save_damage does.
std::string damage_to_npz(const Damage& damage);
/// Reads an archive that came from outside; `name` stands in front of error messages. Throws FormatError.
Damage damage_from_npz(std::string_view bytes, std::string_view name);

}  // namespace netsurf
