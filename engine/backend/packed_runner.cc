#include "engine/backend/packed_runner.h"

#include <unistd.h>

#include <algorithm>

#include "engine/backend/block_runner.h"
#include "engine/backend/clean_trace.h"
#include "engine/backend/parallel.h"
#include "engine/backend/sample_tile.h"
#include "engine/backend/stopwatch.h"

namespace netsurf {
namespace {

constexpr int64_t kTasksPerThread = 4;
// Of trials held ready: they stay in the last-level cache.
constexpr int64_t kPreparedBytes = int64_t{16} << 20;
constexpr int64_t kDefaultL2 = int64_t{1} << 20;

int64_t l2_bytes() {
  long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? bytes : kDefaultL2;
}

/// Asks for memory that will be read soon.
template <typename T>
void prefetch(const std::vector<T>& all) {
  constexpr size_t kLine = 64;
  const auto* bytes = reinterpret_cast<const char*>(all.data());
  for (size_t i = 0; i < all.size() * sizeof(T); i += kLine) __builtin_prefetch(bytes + i);
}

/// A batch of prepared trials is more than the second-level cache holds: each comes from the third once a
/// block, and by the time the trials before it are done.
void prefetch_ahead(std::span<const PreparedTrial> next) {
  if (next.size() > 1) prefetch(next[1].stages);
  if (next.empty()) return;
  prefetch(next[0].corrections);
  prefetch(next[0].scalings);
  for (const StageWork& work : next[0].stages) {
    prefetch(work.correct);
    prefetch(work.anew);
    prefetch(work.update);
    prefetch(work.differing);
    prefetch(work.written);
  }
}

/// What one thread owns.
struct Worker {
  std::unique_ptr<CleanRunner> clean;
  std::unique_ptr<BlockRunner> block;
  std::unique_ptr<CleanTrace> trace;  // of its block, where the whole set's does not fit
  std::vector<TrialOutcome> sums;     // per trial, of the samples this thread ran
};

class PackedRunner : public TrialRunner {
 public:
  PackedRunner(const PlainNetwork& plain, const BitSpace& space, const EvaluationSet& set,
               const cpu::PackedKernels& kernels, const SessionOptions& options, int num_threads)
      : network_(plain, space, options.path != Path::dense),
        inputs_{network_, kernels, set},
        space_(space),
        path_(options.path),
        num_threads_(num_threads),
        num_tiles_(num_tiles(set)),
        workers_(static_cast<size_t>(num_threads)) {
    int64_t trace_bytes = CleanTrace::bytes_per_tile(network_);
    int64_t bytes = std::max<int64_t>(trace_bytes + BlockRunner::bytes_per_tile(network_), 1);
    int64_t even = (num_tiles_ + num_threads - 1) / num_threads;
    block_size_ = static_cast<int>(std::clamp<int64_t>(std::min(l2_bytes() / 2 / bytes, even), 1, kMaxBlock));
    if (static_cast<uint64_t>(trace_bytes * num_tiles_) <= options.cache_memory)
      trace_ = std::make_unique<CleanTrace>(inputs_, num_tiles_);
    for (Worker& worker : workers_) {
      worker.clean = std::make_unique<CleanRunner>(inputs_);
      if (trace_ == nullptr) worker.trace = std::make_unique<CleanTrace>(inputs_, block_size_);
    }
  }

  void record_clean(Scorer& scorer) override {
    parallel_tasks(num_threads_, num_tiles_, [&](int64_t tile, size_t thread) {
      Worker& worker = workers_[thread];
      if (trace_ != nullptr) {
        worker.clean->run(tile, *trace_, tile);
      } else {
        worker.clean->run(tile, *worker.trace, 0);
      }
      SampleTile samples = sample_tile(inputs_.set, tile);
      if (is_wide()) {
        scorer.record_clean(worker.clean->wide_scored(), samples.begin, samples.count);
      } else {
        scorer.record_clean(worker.clean->narrow_scored(), samples.begin, samples.count);
      }
    });
    for (Worker& worker : workers_)
      worker.block = std::make_unique<BlockRunner>(inputs_, scorer, block_size_);
    workers_[0].clean->run(0, trace_ != nullptr ? *trace_ : *workers_[0].trace, 0);
    costs_ = workers_[0].clean->measure();
    preparer_ = std::make_unique<TrialPreparer>(network_, space_, costs_);
  }

  void run(const FaultBatch& batch, const Scorer& scorer, bool with_loss,
           std::span<TrialOutcome> outcomes) override {
    auto held = static_cast<size_t>(std::clamp<int64_t>(
        kPreparedBytes / std::max<int64_t>(preparer_->bytes_per_trial(), 1), 1, std::ssize(outcomes)));
    prepared_.resize(std::max(prepared_.size(), held));
    for (size_t first = 0; first < outcomes.size(); first += held) {
      size_t count = std::min(held, outcomes.size() - first);
      parallel_tasks(num_threads_, static_cast<int64_t>(count), [&](int64_t i, size_t) {
        auto trial = static_cast<size_t>(i);
        preparer_->prepare(batch.flips(batch.begin + first + trial), path_, prepared_[trial]);
      });
      run_prepared(std::span(prepared_).first(count), scorer, with_loss, outcomes.subspan(first, count));
    }
  }

  double estimate(const FaultBatch& batch, const Scorer& scorer, bool with_loss) override {
    PreparedTrial trial;
    double seconds = 0;
    size_t count = batch.offset.size() - 1;
    for (size_t i = 0; i < count; ++i) {
      preparer_->prepare(batch.flips(batch.begin + i), path_, trial);
      seconds += trial.seconds_per_tile / static_cast<double>(count);
    }
    return (seconds + scoring_seconds(scorer, with_loss)) * static_cast<double>(num_tiles_);
  }

 private:
  void run_prepared(std::span<const PreparedTrial> trials, const Scorer& scorer, bool with_loss,
                    std::span<TrialOutcome> outcomes) {
    for (Worker& worker : workers_) worker.sums.assign(trials.size(), scorer.empty_outcome(0, with_loss));
    int64_t num_blocks = (num_tiles_ + block_size_ - 1) / block_size_;
    int64_t chunks = std::clamp<int64_t>((kTasksPerThread * num_threads_ + num_blocks - 1) / num_blocks, 1,
                                         std::ssize(trials));
    parallel_tasks(num_threads_, num_blocks * chunks, [&](int64_t task, size_t thread) {
      Worker& worker = workers_[thread];
      TileBlock block{task / chunks * block_size_, 0};
      block.size = static_cast<int>(std::min<int64_t>(block_size_, num_tiles_ - block.begin));
      if (trace_ != nullptr) {
        worker.block->enter(block, *trace_, block.begin);
      } else {
        for (int i = 0; i < block.size; ++i) worker.clean->run(block.begin + i, *worker.trace, i);
        worker.block->enter(block, *worker.trace, 0);
      }
      int64_t chunk = task % chunks;
      auto begin = static_cast<size_t>(std::ssize(trials) * chunk / chunks),
           end = static_cast<size_t>(std::ssize(trials) * (chunk + 1) / chunks);
      for (size_t i = begin; i < end; ++i) {
        prefetch_ahead(trials.subspan(i + 1, std::min<size_t>(end - i - 1, 2)));
        worker.block->run(trials[i], with_loss, worker.sums[i]);
      }
    });
    for (const Worker& worker : workers_) {
      for (size_t i = 0; i < outcomes.size(); ++i) Scorer::merge(worker.sums[i], outcomes[i]);
    }
  }

  const Slot& scored() const { return network_.slots()[static_cast<size_t>(network_.scored_slot())]; }
  bool is_wide() const { return scored().kind == Slot::Kind::wide; }

  /// Of one tile whose codes differ from the clean ones.
  double scoring_seconds(const Scorer& scorer, bool with_loss) {
    Worker& worker = workers_[0];
    CleanTrace place(inputs_, 1);
    worker.clean->run(0, place, 0);
    SampleTile samples = sample_tile(inputs_.set, 0);
    auto elements = static_cast<size_t>(scored().bytes) / (is_wide() ? sizeof(int64_t) : sizeof(int32_t));
    auto time = [&](const auto* codes) {
      std::vector changed(codes, codes + elements);
      for (auto& code : changed) code ^= 1;
      TrialOutcome nothing = scorer.empty_outcome(0, with_loss);
      return seconds_of(
          [&] { scorer.add(changed.data(), samples.begin, samples.count, with_loss, nothing); });
    };
    return is_wide() ? time(worker.clean->wide_scored()) : time(worker.clean->narrow_scored());
  }

  PackedNetwork network_;
  PackedInputs inputs_;
  const BitSpace& space_;
  Path path_;
  int num_threads_;
  int64_t num_tiles_;
  int block_size_ = 1;
  std::unique_ptr<CleanTrace> trace_;  // of the whole set, or null
  std::vector<Worker> workers_;
  std::vector<StageCosts> costs_;
  std::unique_ptr<TrialPreparer> preparer_;
  std::vector<PreparedTrial> prepared_;
};

}  // namespace

std::unique_ptr<TrialRunner> make_packed_runner(const PlainNetwork& plain, const BitSpace& space,
                                                const EvaluationSet& set, const cpu::PackedKernels& kernels,
                                                const SessionOptions& options, int num_threads) {
  return std::make_unique<PackedRunner>(plain, space, set, kernels, options, num_threads);
}

}  // namespace netsurf
