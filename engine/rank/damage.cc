#include "engine/rank/damage.h"

#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/rank/artifact_header.h"
#include "engine/rank/npz.h"

namespace netsurf {
namespace {

constexpr std::string_view kKind = "damage";
constexpr uint64_t kVersion = 1;
constexpr uint64_t kMaxBits = uint64_t{1} << 32;
constexpr uint64_t kMaxFileBytes = kMaxBits * (sizeof(BitId) + 4 * sizeof(double)) + 2 * kMaxHeaderBytes;
constexpr int64_t kMaxSamples = int64_t{1} << 31;

/// What is kept per bit.
struct Column {
  const char* member;     // of the archive
  std::string_view name;  // in messages
  std::vector<double> Damage::*values;
  bool may_be_absent;  // empty for the whole file
  double low, high;    // of a number
};
constexpr std::array<Column, 4> kColumns = {{
    {"loss.npy", "loss", &Damage::loss, true, -HUGE_VAL, HUGE_VAL},
    {"accuracy.npy", "accuracy", &Damage::accuracy, true, -1, 1},
    {"changed.npy", "changed", &Damage::changed, false, 0, 1},
    {"distance.npy", "distance", &Damage::distance, false, 0, HUGE_VAL},
}};

/// What is wrong with the numbers, if anything.
std::optional<std::string> find_flaw(const Damage& damage) {
  if (damage.num_samples < 1 || damage.num_samples > kMaxSamples)
    return std::to_string(damage.num_samples) + " samples; expected 1 to 2^31";
  for (size_t i = 0; i < damage.bits.size(); ++i) {
    std::string text = "bits[" + std::to_string(i) + "] is bit " + std::to_string(damage.bits[i]);
    if (damage.bits[i] >= damage.num_bits)
      return text + ", beyond the " + std::to_string(damage.num_bits) + " bits";
    if (i > 0 && damage.bits[i] <= damage.bits[i - 1])
      return text + " after bit " + std::to_string(damage.bits[i - 1]) + "; expected rising ids";
  }
  for (const Column& column : kColumns) {
    const std::vector<double>& values = damage.*column.values;
    if (column.may_be_absent && values.empty()) continue;
    if (values.size() != damage.bits.size()) {
      return std::to_string(values.size()) + " numbers of " + std::string(column.name) + " for " +
             std::to_string(damage.bits.size()) + " bits; expected one each";
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i]) && values[i] >= column.low && values[i] <= column.high) continue;
      return "the " + std::string(column.name) + " of bit " + std::to_string(damage.bits[i]) + " is " +
             std::to_string(values[i]) + ", which is not possible";
    }
  }
  return std::nullopt;
}

std::string header_of(const Damage& damage) {
  return header_text({{"kind", "netsurf " + std::string(kKind)},
                      {"version", kVersion},
                      {"model_digest", damage.model_digest},
                      {"bit_space_digest", damage.bit_space_digest},
                      {"data_digest", damage.data_digest},
                      {"split", damage.split},
                      {"num_samples", damage.num_samples},
                      {"num_bits", damage.num_bits},
                      {"num_flipped", damage.bits.size()},
                      {"has_loss", !damage.loss.empty()},
                      {"has_accuracy", !damage.accuracy.empty()},
                      {"digest", damage.digest()}});
}

}  // namespace

std::string Damage::digest() const {
  Digest digest;
  digest.add("netsurf damage").add(model_digest).add(bit_space_digest).add(data_digest).add(split);
  digest.add(num_samples).add(static_cast<int64_t>(num_bits)).add_bytes(std::as_bytes(std::span(bits)));
  for (const Column& column : kColumns) digest.add_bytes(std::as_bytes(std::span(this->*column.values)));
  return digest.hex();
}

std::string damage_to_npz(const Damage& damage) {
  if (auto flaw = find_flaw(damage)) throw InputError("this damage cannot be saved: " + *flaw);
  std::string header = header_of(damage), bits_head = npy_head("<u4", damage.bits.size());
  std::vector<NpzMember> members = {{"bits.npy", bits_head, std::as_bytes(std::span(damage.bits))}};
  std::array<std::string, kColumns.size()> heads;
  for (size_t i = 0; i < kColumns.size(); ++i) {
    const std::vector<double>& values = damage.*kColumns[i].values;
    heads[i] = npy_head("<f8", values.size());
    members.push_back({kColumns[i].member, heads[i], std::as_bytes(std::span(values))});
  }
  members.push_back({"header.json", header, {}});
  return write_npz(members);
}

void save_damage(const Damage& damage, const std::filesystem::path& path) {
  write_file(path, damage_to_npz(damage));
}

Damage damage_from_npz(std::string_view bytes, std::string_view name) {
  NpzReader archive(bytes, name);
  ArtifactHeader header(archive.text("header.json", kMaxHeaderBytes), kKind, kVersion, name);
  Damage damage;
  damage.model_digest = header.string("model_digest");
  damage.bit_space_digest = header.string("bit_space_digest");
  damage.data_digest = header.string("data_digest");
  damage.split = header.string("split");
  uint64_t samples = header.number("num_samples"), flipped = header.number("num_flipped");
  if (samples > static_cast<uint64_t>(kMaxSamples))
    header.refuse(std::to_string(samples) + " samples; expected at most 2^31");
  damage.num_samples = static_cast<int64_t>(samples);
  damage.num_bits = header.number("num_bits");
  if (damage.num_bits >= kMaxBits)
    header.refuse(std::to_string(damage.num_bits) + " bits; expected fewer than 2^32");
  if (flipped > damage.num_bits) {
    header.refuse(std::to_string(flipped) + " of " + std::to_string(damage.num_bits) +
                  " bits flipped; expected no more than there are");
  }
  archive.array("bits.npy", "<u4", flipped, damage.bits);
  for (const Column& column : kColumns) {
    std::string flag = "has_" + std::string(column.name);
    bool is_there = !column.may_be_absent || header.flag(flag.c_str());
    archive.array(column.member, "<f8", is_there ? flipped : 0, damage.*column.values);
  }
  if (auto flaw = find_flaw(damage)) header.refuse(*flaw);
  std::string digest = damage.digest();
  if (header.string("digest") != digest) {
    header.refuse("header.json says digest \"" + header.string("digest") + "\", but the content gives " +
                  digest + "; the file was changed after it was written, measure again");
  }
  return damage;
}

Damage load_damage(const std::filesystem::path& path) {
  return damage_from_npz(read_file(path, kMaxFileBytes), path.string());
}

}  // namespace netsurf
