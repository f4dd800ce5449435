// DeviceSampler on a device against FaultSampler, list by list, and its patches against the bits' addresses.
#include "engine/backend/cuda/device_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/faults/fault_table.h"
#include "kernels/cuda/memory.h"
#include "tests/engine/backend/cuda/device_sampler_image.h"
#include "tests/support/gpu.h"
#include "tests/support/law_space.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

/// An image's segments with their arrays on the device.
class DeviceImage {
 public:
  DeviceImage(const testing::Image& image, const BitSpace& space, const cuda::Stream& stream)
      : segments_(image.segments) {
    for (size_t s = 0; s < segments_.size(); ++s) {
      segments_[s].elements = keep(space.segments()[s].elements, stream);
      segments_[s].places = keep(image.places[s], stream);
    }
  }

  const std::vector<cuda::PatchSegment>& segments() const { return segments_; }

 private:
  const uint32_t* keep(const std::vector<uint32_t>& values, const cuda::Stream& stream) {
    if (values.empty()) return nullptr;
    arrays_.push_back(cuda::upload(values, stream));
    return arrays_.back().data();
  }

  std::vector<cuda::PatchSegment> segments_;
  std::vector<cuda::DeviceMemory<uint32_t>> arrays_;
};

/// One combination, asked for in batches that follow each other, repeat, leave out and go back.
class Comparison {
 public:
  Comparison(const Model& model, const FaultSpec& faults, const Protection& protection, uint64_t seed)
      : random_(seed),
        space_(model),
        image_(testing::draw_image(model, space_, random_)),
        device_image_(image_, space_, stream_),
        host_(space_, faults, protection),
        device_(space_, faults, protection, device_image_.segments(), stream_) {
    EXPECT_EQ(device_.expected_flips(), host_.expected_flips());
    EXPECT_EQ(device_.num_unprotected(), host_.num_unprotected());
  }

  void expect_batch(uint64_t begin, uint64_t end) {
    const DeviceFaults found = device_.sample(begin, end);
    const FaultBatch expected = host_.sample(begin, end);
    SCOPED_TRACE("trials " + std::to_string(begin) + " to " + std::to_string(end));
    ASSERT_EQ(found.flips.num_lanes, static_cast<int>(end - begin));
    ASSERT_EQ(found.patches.num_lanes, found.flips.num_lanes);
    ASSERT_EQ(found.flips.num_flips, expected.bits.size());
    ASSERT_EQ(std::vector<uint64_t>(found.offset.begin(), found.offset.end()), expected.offset);
    ASSERT_EQ(cuda::download(found.flips.offset, end - begin + 1, stream_), expected.offset);
    ASSERT_EQ(cuda::download(found.patches.offset, end - begin + 1, stream_), expected.offset);
    ASSERT_EQ(cuda::download(found.flips.bits, expected.bits.size(), stream_), expected.bits);
    const std::vector<cuda::Patch> patches =
        cuda::download(found.patches.patches, expected.bits.size(), stream_);
    for (size_t i = 0; i < patches.size(); ++i) {
      const cuda::Patch patch = testing::expected_patch(image_, space_, expected.bits[i]);
      ASSERT_EQ(patches[i].word, patch.word) << "flip " << i << " of bit " << expected.bits[i];
      ASSERT_EQ(patches[i].mask, patch.mask) << "flip " << i << " of bit " << expected.bits[i];
    }
    num_flips += expected.bits.size();
  }

  uint64_t num_flips = 0;

 private:
  testing::Random random_;
  cuda::Stream stream_;
  BitSpace space_;
  testing::Image image_;
  DeviceImage device_image_;
  FaultSampler host_;
  DeviceSampler device_;
};

void expect_batches(Comparison& comparison) {
  const std::vector<std::pair<uint64_t, uint64_t>> batches = {
      {0, 1},   {1, 40},      {40, 41},  {7, 7},
      {35, 90}, {3000, 3017}, {0, 40},   {(uint64_t{1} << 32) - 3, (uint64_t{1} << 32) + 5},
      {90, 91}, {91, 300},    {300, 301}};
  for (auto [begin, end] : batches) {
    comparison.expect_batch(begin, end);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

struct Row {
  FaultModel model;
  Design design;
  std::vector<const char*> rates;
};

TEST(DeviceSampler, ListsAreFaultSamplersForEveryModelAndDesign) {
  NETSURF_NEEDS_GPU();
  const std::vector<Row> rows = {
      {FaultModel::bernoulli,
       Design::independent,
       {"0", "1e-30", "1e-5", "0.001", "0.03", "0.5", "0.501", "0.9", "1"}},
      {FaultModel::bernoulli, Design::rotation, {"0", "1e-15", "1e-6", "0.001", "0.03", "0.0999", "0.1"}},
      {FaultModel::exact, Design::independent, {"0", "0.0001", "0.001", "0.03", "0.5", "0.501", "1"}},
      {FaultModel::coverage, Design::independent, {"0.001", "0.03", "0.5", "0.501", "1"}}};
  for (const Row& row : rows) {
    uint64_t flips = 0;
    for (uint64_t size : {1, 65, 4095, 4096, 4097, 9001}) {
      for (const char* rate : row.rates) {
        for (const char* fraction : {"0", "0.3"}) {
          const FaultSpec faults = law::faults_of(row.model, rate, size, row.design);
          const Protection protection = law::protection_of(size, fraction);
          const uint64_t unprotected = size - protection.num_protected(size);
          if (row.model == FaultModel::coverage && faults.bit_error_rate.round_of(unprotected) == 0) continue;
          SCOPED_TRACE(std::string(name_of(row.model)) + ", " + std::string(name_of(row.design)) + ", " +
                       std::to_string(size) + " bits, BER " + rate + ", protection " + fraction);
          Comparison comparison(law::model_of(size), faults, protection, size);
          expect_batches(comparison);
          if (HasFatalFailure()) return;
          flips += comparison.num_flips;
        }
      }
    }
    EXPECT_GT(flips, 1000u) << name_of(row.model) << ", " << name_of(row.design);
  }
}

TEST(DeviceSampler, ListsAndPatchesFollowTheSegmentsOfRandomNetworks) {
  NETSURF_NEEDS_GPU();
  const uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  int64_t refused = 0;
  uint64_t flips = 0;
  for (int round = 0; round < 20; ++round) {
    const Model model = testing::random_model(random, refused);
    const FaultModel kind = random.of(std::vector{FaultModel::bernoulli, FaultModel::exact});
    const FaultSpec faults = law::faults_of(kind, "0.02", random.bits());
    const Protection protection = law::protection_of(BitSpace(model).size(), "0.25");
    Comparison comparison(model, faults, protection, random.bits());
    expect_batches(comparison);
    if (HasFatalFailure()) return;
    flips += comparison.num_flips;
  }
  EXPECT_GT(flips, 0u);
}

TEST(DeviceSampler, LargeBatchesOfManyPassesAndEpochsAreCut) {
  NETSURF_NEEDS_GPU();
  for (const Row& row : std::vector<Row>{{FaultModel::exact, Design::independent, {"0.1"}},
                                         {FaultModel::coverage, Design::independent, {"0.3"}},
                                         {FaultModel::bernoulli, Design::rotation, {"0.1"}},
                                         {FaultModel::bernoulli, Design::independent, {"0.01"}}}) {
    SCOPED_TRACE(std::string(name_of(row.model)) + ", " + std::string(name_of(row.design)));
    Comparison comparison(law::model_of(30000), law::faults_of(row.model, row.rates[0], 5, row.design),
                          law::protection_of(30000, "0.1"), 5);
    comparison.expect_batch(0, 3000);
    comparison.expect_batch(3000, 3003);
    comparison.expect_batch(3003, 4001);
    if (HasFatalFailure()) return;
  }
}

TEST(DeviceSampler, GivenListsAreProtectedAndEnd) {
  NETSURF_NEEDS_GPU();
  FaultSpec faults;
  faults.model = FaultModel::list;
  faults.table = std::make_shared<const FaultTable>(make_fault_table({{5, 1}, {}, {99, 0, 7, 8}}));
  Comparison comparison(law::model_of(100), faults, law::protection_of(100, "0.5"), 1);
  comparison.expect_batch(0, 3);
  comparison.expect_batch(1, 2);
  EXPECT_THROW(comparison.expect_batch(2, 4), InputError);
}

TEST(DeviceSampler, WhatFaultSamplerRefusesIsRefused) {
  NETSURF_NEEDS_GPU();
  const cuda::Stream stream;
  const BitSpace space = law::space_of(100);
  auto open = [&](const FaultSpec& faults) { DeviceSampler(space, faults, {}, {}, stream); };
  EXPECT_THROW(open(law::faults_of(FaultModel::bernoulli, "0.2", 1, Design::rotation)), InputError);
  EXPECT_THROW(open(law::faults_of(FaultModel::coverage, "0.001")), InputError);
  EXPECT_THROW(open(law::faults_of(FaultModel::list, "0")), InputError);
}

TEST(DeviceSampler, ListsLiveUntilTheSecondCallFromTheirs) {
  NETSURF_NEEDS_GPU();
  const cuda::Stream stream;
  const Model model = law::model_of(5000);
  const BitSpace space(model);
  testing::Random random(3);
  const testing::Image image = testing::draw_image(model, space, random);
  const DeviceImage device_image(image, space, stream);
  const FaultSpec faults = law::faults_of(FaultModel::bernoulli, "0.01");
  DeviceSampler device(space, faults, {}, device_image.segments(), stream);
  const DeviceFaults first = device.sample(0, 10);
  device.sample(10, 500);
  EXPECT_EQ(cuda::download(first.flips.bits, first.flips.num_flips, stream),
            law::sample_of(space, faults, 0, 10).bits);
  EXPECT_EQ(first.num_flips(9), static_cast<int64_t>(first.offset[10] - first.offset[9]));
}

}  // namespace
}  // namespace netsurf
