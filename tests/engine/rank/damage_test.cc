// Damage files: what is written comes back, and nothing else is believed.
#include "engine/rank/damage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "engine/base/error.h"
#include "engine/rank/npz.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

Damage small_damage() {
  Damage damage;
  damage.model_digest = "model";
  damage.bit_space_digest = "space";
  damage.data_digest = "data";
  damage.split = "test";
  damage.num_samples = 20;
  damage.num_bits = 9;
  damage.bits = {0, 3, 8};
  damage.loss = {0.5, -1e-300, 0};
  damage.accuracy = {-0.25, 0.05, 0};
  damage.changed = {0.3, 0.05, 0};
  damage.distance = {1e6, 0.5, 0};
  return damage;
}

Damage changed(const std::function<void(Damage&)>& change) {
  Damage damage = small_damage();
  change(damage);
  return damage;
}

void expect_same(const Damage& found, const Damage& expected) {
  EXPECT_EQ(found.model_digest, expected.model_digest);
  EXPECT_EQ(found.bit_space_digest, expected.bit_space_digest);
  EXPECT_EQ(found.data_digest, expected.data_digest);
  EXPECT_EQ(found.split, expected.split);
  EXPECT_EQ(found.num_samples, expected.num_samples);
  EXPECT_EQ(found.num_bits, expected.num_bits);
  EXPECT_EQ(found.bits, expected.bits);
  EXPECT_EQ(found.loss, expected.loss);
  EXPECT_EQ(found.accuracy, expected.accuracy);
  EXPECT_EQ(found.changed, expected.changed);
  EXPECT_EQ(found.distance, expected.distance);
}

/// Reading must fail with a FormatError that begins with the name and mentions `part`.
void expect_refused(const std::string& bytes, const std::string& part) {
  try {
    damage_from_npz(bytes, "file.npz");
    ADD_FAILURE() << "accepted, expected an error with: " << part;
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("file.npz: "));
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

template <typename T>
std::string npy(std::string_view descr, const std::vector<T>& values) {
  return npy_head(descr, values.size()) +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

/// An archive of the damage's arrays, whatever they are, around the header of `header_of`, with one text in
/// it replaced by another.
std::string archive_of(const Damage& damage, const std::string& from = "\"test\"",
                       const std::string& to = "\"test\"") {
  std::string header =
      R"({"kind": "netsurf damage", "version": 1, "model_digest": "model", "bit_space_digest": "space",
    "data_digest": "data", "split": "test", "num_samples": 20, "num_bits": 9, "num_flipped": 3, "has_loss": true,
    "has_accuracy": true, "digest": ")" +
      damage.digest() + "\"}";
  size_t at = header.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  header.replace(at, from.size(), to);
  std::string bits = npy("<u4", damage.bits), loss = npy("<f8", damage.loss),
              accuracy = npy("<f8", damage.accuracy), flips = npy("<f8", damage.changed),
              distance = npy("<f8", damage.distance);
  NpzMember members[] = {{"bits.npy", bits, {}},         {"loss.npy", loss, {}},
                         {"accuracy.npy", accuracy, {}}, {"changed.npy", flips, {}},
                         {"distance.npy", distance, {}}, {"header.json", header, {}}};
  return write_npz(members);
}

TEST(DamageFile, ComesBackIdentical) {
  TempDir folder;
  save_damage(small_damage(), folder.path() / "d.npz");
  expect_same(load_damage(folder.path() / "d.npz"), small_damage());
  EXPECT_FALSE(small_damage().is_exhaustive());
}

TEST(DamageFile, WithoutLabelsOrLossComesBackWithout) {
  Damage damage = changed([](Damage& d) {
    d.accuracy.clear();
    d.loss.clear();
    d.num_bits = 9;
  });
  expect_same(damage_from_npz(damage_to_npz(damage), "d"), damage);
}

TEST(DamageFile, ComesFromElsewhereToo) {
  expect_same(damage_from_npz(archive_of(small_damage()), "d"), small_damage());
}

TEST(DamageFile, TheDigestTellsEverythingApart) {
  std::string digest = small_damage().digest();
  EXPECT_EQ(small_damage().digest(), digest);
  for (const auto& change : std::vector<std::function<void(Damage&)>>{
           [](Damage& d) { d.model_digest = "other"; }, [](Damage& d) { d.bit_space_digest = "other"; },
           [](Damage& d) { d.data_digest = "other"; }, [](Damage& d) { d.split = "train"; },
           [](Damage& d) { d.num_samples = 21; }, [](Damage& d) { d.num_bits = 10; },
           [](Damage& d) { d.bits[1] = 4; }, [](Damage& d) { d.loss[2] = 1; },
           [](Damage& d) { d.accuracy.clear(); }, [](Damage& d) { std::swap(d.loss, d.distance); }}) {
    EXPECT_NE(changed(change).digest(), digest);
  }
}

TEST(DamageFile, NumpyReadsIt) {
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3 with numpy is not here";
  TempDir folder;
  save_damage(small_damage(), folder.path() / "d.npz");
  std::string command =
      "/usr/bin/python3 -c \"import numpy, sys; d = numpy.load(sys.argv[1]); "
      "assert d['bits'].dtype == numpy.uint32 and d['bits'].tolist() == [0, 3, 8]; "
      "assert d['loss'].tolist() == [0.5, -1e-300, 0] and d['distance'].tolist() == [1e6, 0.5, 0]\" " +
      (folder.path() / "d.npz").string();
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(DamageFile, WhatBreaksItsRulesIsNotSaved) {
  TempDir folder;
  for (const auto& change : std::vector<std::function<void(Damage&)>>{
           [](Damage& d) {
             d.bits = {3, 0, 8};
           },
           [](Damage& d) {
             d.bits = {0, 3, 3};
           },
           [](Damage& d) { d.bits[2] = 9; }, [](Damage& d) { d.loss.pop_back(); },
           [](Damage& d) { d.changed.clear(); },
           [](Damage& d) { d.loss[0] = std::numeric_limits<double>::quiet_NaN(); },
           [](Damage& d) { d.distance[0] = std::numeric_limits<double>::infinity(); },
           [](Damage& d) { d.distance[0] = -1; }, [](Damage& d) { d.changed[0] = 1.5; },
           [](Damage& d) { d.accuracy[0] = -2; }, [](Damage& d) { d.num_samples = 0; },
           [](Damage& d) { d.split = "\xff"; }}) {
    EXPECT_THROW(save_damage(changed(change), folder.path() / "d.npz"), InputError);
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "d.npz"));
}

TEST(DamageFile, AMissingFileIsAnInputError) { EXPECT_THROW(load_damage("/none/d.npz"), InputError); }

TEST(DamageFile, EveryTruncationIsRefused) {
  std::string bytes = damage_to_npz(small_damage());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(damage_from_npz(std::string_view(bytes).substr(0, size), "d"), FormatError) << size;
  }
}

TEST(DamageFile, FlippedBitsNeverGiveAnotherDamage) {
  std::string good = damage_to_npz(small_damage());
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    try {
      expect_same(damage_from_npz(bytes, "d"), small_damage());
    } catch (const FormatError&) {
    }
  }
}

TEST(DamageFile, ARankingAndANewerVersionAreNamed) {
  expect_refused(archive_of(small_damage(), "netsurf damage", "netsurf ranking"), "netsurf ranking");
  expect_refused(archive_of(small_damage(), "\"version\": 1", "\"version\": 2"), "newer netsurf");
}

TEST(DamageFile, WrongContentIsRefused) {
  expect_refused(archive_of(changed([](Damage& d) { d.bits = {3, 0, 8}; })), "expected rising ids");
  expect_refused(archive_of(changed([](Damage& d) { d.bits = {0, 3, 9}; })), "beyond the 9 bits");
  expect_refused(archive_of(changed([](Damage& d) { d.loss[1] = std::numeric_limits<double>::quiet_NaN(); })),
                 "the loss of bit 3");
  expect_refused(archive_of(changed([](Damage& d) { d.changed[2] = -0.5; })), "the changed of bit 8");
  expect_refused(archive_of(changed([](Damage& d) { d.distance.pop_back(); })), "distance.npy");
  expect_refused(archive_of(small_damage(), "\"test\"", "\"train\""), "was changed");
  expect_refused(archive_of(small_damage(), "\"num_flipped\": 3", "\"num_flipped\": 10"), "10 of 9 bits");
  expect_refused(archive_of(small_damage(), "\"num_flipped\": 3", "\"num_flipped\": -3"), "num_flipped");
  expect_refused(archive_of(small_damage(), "\"num_bits\": 9", "\"num_bits\": 4294967296"),
                 "fewer than 2^32");
  expect_refused(archive_of(small_damage(), "\"num_samples\": 20", "\"num_samples\": 0"), "0 samples");
  expect_refused(archive_of(small_damage(), "\"num_samples\": 20", "\"num_samples\": 18446744073709551615"),
                 "samples");
  expect_refused(archive_of(small_damage(), "\"has_loss\": true", "\"has_loss\": 1"), "has_loss");
  expect_refused(archive_of(small_damage(), "\"has_loss\": true", "\"has_loss\": false"), "loss.npy");
}

}  // namespace
}  // namespace netsurf
