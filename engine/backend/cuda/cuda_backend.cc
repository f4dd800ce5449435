// The CUDA backend's sessions: draw a batch's flips on the device, run its lanes, fetch what they counted.
#include "engine/backend/cuda/cuda_backend.h"

#include <omp.h>

#include <algorithm>

#include "engine/backend/cuda/clean_scores.h"
#include "engine/backend/cuda/device_sampler.h"
#include "engine/backend/cuda/runner_choice.h"
#include "engine/backend/shared_session.h"
#include "engine/backend/stopwatch.h"
#include "engine/base/error.h"
#include "kernels/cuda/error.h"

namespace netsurf {
namespace {

constexpr uint64_t kDefaultBatch = 8192;   // lanes: enough blocks for any device, and few waits
constexpr double kMaxFlipsHeld = 1 << 27;  // of a batch: lists and patches of at most 1.5 GiB
constexpr uint64_t kTrialsEstimated = 64;

/// What the runtime refused, with the device's name.
RunError device_error(const cuda::Device& device, const cuda::Error& error) {
  return RunError("device cuda:" + std::to_string(device.index) + " (" + device.name + "): " + error.what());
}

class CudaSession : public Session {
 public:
  CudaSession(const Model& model, const EvaluationSet& set, BitSpace space, const SessionOptions& options,
              const cuda::Device& device)
      : Session(std::move(space), set.count),
        network_(model),
        device_(device),
        clean_scores_(network_, set, options.num_threads > 0 ? options.num_threads : omp_get_num_procs(),
                      stream_),
        max_batch_(options.max_batch > 0 ? options.max_batch : kDefaultBatch),
        notice_(options.notice) {
    runners_ = choose_runners({network_, bit_space(), set, clean_scores_, device_, stream_}, options.path);
    clean_ = clean_scores_.outcome(0, 0, clean_scores_.counts(), true);
    check_clean();
  }

  std::string path() const override {
    std::string names;
    for (const ChosenRunner& each : runners_)
      names += (names.empty() ? "" : "+") + std::string(each.runner->name());
    return "cuda:" + std::to_string(device_.index) + "/" + names;
  }

  std::vector<PathEstimate> estimate(const TrialPlan& plan) override {
    TrialPlan some = plan;
    some.end = std::max(plan.begin + 1, std::min(plan.end, plan.begin + kTrialsEstimated));
    double seconds = seconds_of([&] { do_run(some); });
    return {{Path::automatic, seconds / static_cast<double>(some.end - some.begin)}};
  }

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    try {
      return run_all(*runner_for(expected_flips(plan)).runner, plan);
    } catch (const cuda::Error& error) {
      throw device_error(device_, error);
    }
  }

 private:
  /// The runner expected to be fastest for lanes of so many flips.
  ChosenRunner& runner_for(double flips) {
    return *std::min_element(
        runners_.begin(), runners_.end(),
        [&](const ChosenRunner& a, const ChosenRunner& b) { return a.costs.of(flips) < b.costs.of(flips); });
  }

  /// A batch whose lanes are on their way.
  struct Batch {
    uint64_t begin = 0;
    DeviceFaults faults;
    cuda::DeviceMemory<cuda::LaneCounts> counts;
    cuda::PinnedMemory<cuda::LaneCounts> fetched;
    cuda::Event drawn, done;
  };

  /// Draws each batch while the lanes of the one before run.
  std::vector<TrialOutcome> run_all(LaneRunner& runner, const TrialPlan& plan) {
    cuda::use_device(device_.index);
    DeviceSampler sampler(bit_space(), plan.faults, plan.protection, runner.segments(), draw_stream_);
    auto by_flips =
        static_cast<uint64_t>(std::max(1.0, kMaxFlipsHeld / std::max(1.0, sampler.expected_flips())));
    uint64_t most = std::min({max_batch_, by_flips, static_cast<uint64_t>(runner.max_lanes())});
    std::vector<TrialOutcome> outcomes;
    Batch* running = nullptr;
    auto collect = [&] {
      if (running != nullptr) fetch(*running, plan.with_loss, outcomes);
      running = nullptr;
    };
    uint64_t side = 0;
    for (uint64_t begin = plan.begin; begin < plan.end;) {
      const uint64_t count = std::min(most, plan.end - begin);
      Batch& batch = batches_[side];
      try {
        start(runner, sampler, begin, begin + count, plan.with_loss, batch);
      } catch (const cuda::OutOfMemory& error) {
        collect();
        if (count == 1) throw;
        most = count / 2;
        if (notice_)
          notice_(std::string(error.what()) + ": going on with " + std::to_string(most) +
                  " trials at a time");
        continue;
      }
      collect();
      running = &batch;
      side = 1 - side;
      begin += count;
    }
    collect();
    return outcomes;
  }

  double expected_flips(const TrialPlan& plan) const {
    return FaultSampler(bit_space(), plan.faults, plan.protection).expected_flips();
  }

  void start(LaneRunner& runner, DeviceSampler& sampler, uint64_t begin, uint64_t end, bool with_loss,
             Batch& batch) {
    const auto lanes = static_cast<size_t>(end - begin);
    runner.reserve(static_cast<int>(lanes));
    batch.counts.reserve(lanes);
    batch.fetched.reserve(lanes);
    batch.begin = begin;
    batch.faults = sampler.sample(begin, end);
    batch.drawn.record(draw_stream_);
    batch.drawn.hold(stream_);
    runner.run(batch.faults.patches, clean_scores_.data(with_loss), batch.counts.data(), stream_);
    cuda::copy_to_host(batch.fetched.data(), batch.counts.data(), lanes * sizeof(cuda::LaneCounts), stream_);
    batch.done.record(stream_);
  }

  void fetch(const Batch& batch, bool with_loss, std::vector<TrialOutcome>& outcomes) const {
    batch.done.wait();
    for (int i = 0; i < batch.faults.patches.num_lanes; ++i) {
      outcomes.push_back(clean_scores_.outcome(batch.begin + static_cast<uint64_t>(i),
                                               batch.faults.num_flips(i), batch.fetched.data()[i],
                                               with_loss));
    }
  }

  /// Every runner's clean outcome must be the host's.
  void check_clean() {
    TrialPlan nothing;
    nothing.end = 1;
    for (const ChosenRunner& each : runners_) {
      TrialOutcome found = run_all(*each.runner, nothing)[0];
      if (found == clean_) continue;
      throw RunError("device " + std::to_string(device_.index) + " (" + device_.name + "), path " +
                     std::string(each.runner->name()) + ", counts " + text_of(found) +
                     " without faults, expected " + text_of(clean_) + "; run with --device cpu");
    }
  }

  PlainNetwork network_;
  cuda::Device device_;
  cuda::Stream stream_;
  // Blocks that run lanes take all shared memory: draws would wait for the last of them.
  cuda::Stream draw_stream_{cuda::Priority::first};
  CleanScores clean_scores_;
  uint64_t max_batch_;
  std::function<void(const std::string&)> notice_;
  std::vector<ChosenRunner> runners_;
  Batch batches_[2];
};

class CudaBackend : public Backend {
 public:
  explicit CudaBackend(std::vector<cuda::Device> devices) : devices_(std::move(devices)) {}
  std::string_view name() const override { return "cuda"; }
  std::optional<std::string> supports(const Model&) const override { return std::nullopt; }

 protected:
  std::unique_ptr<Session> do_open(const Model& model, const EvaluationSet& set, BitSpace space,
                                   const SessionOptions& options) override {
    std::vector<std::unique_ptr<Session>> sessions;
    for (const cuda::Device& device : devices_) {
      try {
        cuda::use_device(device.index);
        sessions.push_back(std::make_unique<CudaSession>(model, set, space, options, device));
      } catch (const cuda::Error& error) {
        throw device_error(device, error);
      }
    }
    return sessions.size() == 1 ? std::move(sessions.front()) : make_shared_session(std::move(sessions));
  }

 private:
  std::vector<cuda::Device> devices_;
};

}  // namespace

std::string why_not_cuda(int device) {
  int count = cuda::num_devices();
  if (count == 0)
    return "no CUDA device was found: no NVIDIA GPU, or a driver older than this program's CUDA";
  if (device != kAllDevices && (device < 0 || device >= count))
    return "there is no CUDA device " + std::to_string(device) + "; this machine has 0 to " +
           std::to_string(count - 1);
  return "";
}

std::unique_ptr<Backend> make_cuda_backend(int device) {
  if (std::string reason = why_not_cuda(device); !reason.empty()) throw InputError(reason);
  std::vector<cuda::Device> devices;
  for (int i = 0; i < cuda::num_devices(); ++i) {
    if (device == kAllDevices || device == i) devices.push_back(cuda::device(i));
  }
  return std::make_unique<CudaBackend>(std::move(devices));
}

}  // namespace netsurf
