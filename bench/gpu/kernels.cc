// Marks to judge the trials by: what the device's memory moves, and what drawing and patching alone take.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "bench/gpu/networks.h"
#include "bench/gpu/parts.h"
#include "bench/gpu/row.h"
#include "engine/backend/cuda/clean_scores.h"
#include "engine/backend/cuda/device_sampler.h"
#include "engine/backend/cuda/fused_cuts.h"
#include "engine/backend/cuda/fused_runner.h"
#include "engine/backend/cuda/runner_choice.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/stream.h"

namespace netsurf::bench {
namespace {

constexpr int kRepeats = 5;

double median(std::array<double, kRepeats> values) {
  std::sort(values.begin(), values.end());
  return values[kRepeats / 2];
}

/// Copies within the device, bytes read and bytes written counted.
void measure_copy() {
  constexpr size_t kBytes = size_t{1} << 30;
  cuda::Stream stream;
  cuda::DeviceMemory<uint8_t> from(kBytes), to(kBytes);
  cuda::fill_bytes(from.data(), 0x5A, kBytes, stream);
  std::array<double, kRepeats> seconds;
  for (double& each : seconds) {
    cuda::Event begin, end;
    begin.record(stream);
    cuda::check(cudaMemcpyAsync(to.data(), from.data(), kBytes, cudaMemcpyDeviceToDevice, stream.get()),
                "cudaMemcpyAsync within the device");
    end.record(stream);
    end.wait();
    each = end.seconds_since(begin);
  }
  Row("copy").add("bytes", uint64_t{kBytes}).add("gb_per_second", 2e-9 * kBytes / median(seconds)).print();
}

/// Drawing flips and turning them into patches, on the device alone.
void measure_drawing(const Network& network, const char* rate) {
  constexpr uint64_t kTrials = 8192;
  BitSpace space(network.model);
  cuda::Stream stream;
  std::vector<cuda::PatchSegment> segments;
  for (const BitSpace::Segment& segment : space.segments()) {
    segments.emplace_back();
    segments.back().begin = segment.begin;
    segments.back().end = segment.end;
    segments.back().bits = segment.bits;
  }
  TrialPlan plan = plan_of(rate, kTrials, false);
  DeviceSampler sampler(space, plan.faults, {}, segments, stream);
  uint64_t flips = sampler.sample(0, kTrials).flips.num_flips;
  std::array<double, kRepeats> seconds;
  for (double& each : seconds) {
    Stopwatch watch;
    sampler.sample(0, kTrials);
    stream.wait();
    each = watch.seconds();
  }
  Row("drawing")
      .add("network", network.name)
      .add("ber", std::string(rate))
      .add("trials_per_second", kTrials / median(seconds))
      .add("flips_per_second", static_cast<double>(flips) / median(seconds))
      .print();
}

/// The fused kernel on lanes without flips, cut by cut.
void measure_cuts(const Network& network) {
  EvaluationSet set = samples(network, network.full_count);
  PlainNetwork plain(network.model);
  BitSpace space(network.model);
  FusedChain chain = find_fused_chain(plain, space);
  if (!chain.refusal.empty()) {
    Row("cut").add("network", network.name).add("refusal", chain.refusal).print();
    return;
  }
  cuda::Stream stream;
  cuda::Device device = cuda::device(0);
  CleanScores scores(plain, set, 16, stream);
  for (const FusedPlan& each : likely_plans(plain, space, chain, device.shared_bytes)) {
    auto runner = make_fused_runner(each, space, set, device, stream);
    int lanes = std::min(2048, runner->max_lanes());
    double seconds = seconds_of_clean_lanes(*runner, lanes, scores.data(false), stream);
    Row("cut")
        .add("network", network.name)
        .add("samples", each.network.tile_samples)
        .add("teams", each.network.num_teams)
        .add("warps", each.network.num_warps)
        .add("shared_bytes", each.network.shared_bytes)
        .add("lanes", lanes)
        .add("trials_per_second", lanes / seconds)
        .print();
  }
}

}  // namespace

bool run_kernels(const Effort& effort) {
  Stopwatch clock;
  measure_copy();
  std::vector<Network> all = networks(true);
  for (const Network& network : all) measure_cuts(network);
  for (const Network& network : all) {
    for (const char* rate : {"0.0001", "0.001", "0.01", "0.1"}) {
      if (clock.seconds() < effort.seconds) measure_drawing(network, rate);
    }
  }
  return true;
}

}  // namespace netsurf::bench
