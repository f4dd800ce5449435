#include "engine/backend/prepared_sums.h"

#include <algorithm>
#include <array>

namespace netsurf {
namespace {

/// Writes corrections as differences that fit the kernel's operands; one that does not is several.
class CorrectionWriter {
 public:
  CorrectionWriter(cpu::Width width, std::vector<cpu::Correction>& out)
      : bits_(width == cpu::Width::bytes ? 8 : 16), limit_((1 << (bits_ - 1)) - 1), out_(out) {}

  void add(int32_t word, int lane, int32_t difference) {
    if (word != word_) flush();
    word_ = word;
    uint32_t mask = (uint32_t{1} << bits_) - 1;
    for (uint32_t& packed : packed_) {
      int32_t part = std::clamp(difference, -limit_, limit_);
      packed |= (static_cast<uint32_t>(part) & mask) << (bits_ * lane);
      difference -= part;
    }
  }
  void flush() {
    for (uint32_t& packed : packed_) {
      if (packed != 0) out_.push_back({word_, static_cast<int32_t>(packed)});
      packed = 0;
    }
  }

 private:
  int bits_;
  int32_t limit_;
  std::vector<cpu::Correction>& out_;
  int32_t word_ = -1;
  std::array<uint32_t, kMaxParts> packed_ = {};
};

class SumsPreparer {
 public:
  SumsPreparer(const Stage& stage, size_t index, const StageCosts& costs, PreparedTrial& trial)
      : stage_(stage),
        packed_(*stage.packed),
        costs_(costs),
        trial_(trial),
        changes_(trial.changes.stages[index]),
        work_(trial.stages[index]),
        row_size_(std::ssize(stage.packed->places)) {
    hit_.reserve(static_cast<size_t>(packed_.num_quads()));
    // One division per quad that is hit, not per change.
    auto hit = [&](const std::vector<OperandChange>& changes, int64_t quad_size) {
      int64_t end = 0;
      for (const OperandChange& change : changes) {
        if (change.element < end) continue;
        hit_.push_back(static_cast<int>(change.element / quad_size));
        end = (hit_.back() + 1) * quad_size;
      }
    };
    hit(changes_.kernel, cpu::kQuad * row_size_);
    for (const std::vector<OperandChange>* of : {&changes_.bias, &changes_.scale, &changes_.shift})
      hit(*of, cpu::kQuad);
    std::sort(hit_.begin(), hit_.end());
    hit_.erase(std::unique(hit_.begin(), hit_.end()), hit_.end());
  }

  /// For inputs that may change.
  void prepare_changed(Path path, std::span<const uint8_t> written_input) {
    std::vector<cpu::QuadJob> faulty;
    for (int quad : hit_) {
      faulty.push_back(faulty_quad(quad));
      bool corrects = path != Path::dense && stage_.clean_sums >= 0 && correcting_cost(quad) <= costs_.quad;
      if (!corrects) work_.redo.push_back(faulty.back());
      if (corrects) correct_quad(quad, faulty.back().scaling);
    }
    note_written();
    std::vector<cpu::QuadJob> all = quads_with(faulty);
    if (!written_input.empty() && stage_.clean_sums >= 0 && updates_pay(all, note_differing(written_input)))
      return;
    work_.differing.clear();
    work_.update.clear();
    work_.anew = std::move(all);
    trial_.seconds_per_tile += costs_.all;
  }

  /// For inputs that cannot.
  void prepare_clean(Path path) {
    double chosen = 0;
    std::vector<int> corrected;
    for (int quad : hit_) {
      double correcting = correcting_cost(quad);
      bool corrects = stage_.clean_sums >= 0 && (path == Path::delta || correcting <= costs_.quad);
      chosen += corrects ? correcting : costs_.quad;
      if (corrects) {
        corrected.push_back(quad);
      } else {
        work_.redo.push_back(faulty_quad(quad));
      }
    }
    // All at once can be cheaper than one by one: a matrix unit takes four quads.
    if (path == Path::automatic && costs_.all < chosen) {
      for (int quad : corrected) work_.redo.push_back(faulty_quad(quad));
      work_.redo = quads_with(work_.redo);
      trial_.seconds_per_tile += costs_.all;
      return;
    }
    for (int quad : corrected) correct_quad(quad, scaling_of(quad));
    note_written();
    trial_.seconds_per_tile += chosen;
  }

 private:
  /// All quads of the layer, these in place of the clean ones.
  std::vector<cpu::QuadJob> quads_with(std::span<const cpu::QuadJob> faulty) const {
    std::vector<cpu::QuadJob> all = packed_.quads;
    for (const cpu::QuadJob& job : faulty) all[static_cast<size_t>(job.quad)] = job;
    return all;
  }

  std::span<const OperandChange> kernel_changes(int64_t first_channel, int64_t end_channel) const {
    return changes_in(changes_.kernel, first_channel * row_size_, end_channel * row_size_);
  }
  std::span<const OperandChange> bias_changes(int64_t first_channel, int64_t end_channel) const {
    return changes_in(changes_.bias, first_channel, end_channel);
  }
  /// Of the affine layer's scale or shift.
  static std::span<const OperandChange> quad_changes(const std::vector<OperandChange>& of, int quad) {
    int64_t first = int64_t{quad} * cpu::kQuad;
    return changes_in(of, first, first + cpu::kQuad);
  }
  uint32_t bias_change(const OperandChange& change) const {
    return static_cast<uint32_t>(change.difference) << packed_.bias_shift;
  }

  /// A copy of a quad with its faults.
  cpu::QuadJob faulty_quad(int quad) {
    int64_t first = int64_t{quad} * cpu::kQuad, row_bytes = packed_.row_bytes();
    auto row = packed_.rows.begin() + first * row_bytes;
    auto start = packed_.start.begin() + first;
    int8_t* rows = trial_.rows.data() + trial_.rows.size();
    int32_t* starts = trial_.starts.data() + trial_.starts.size();
    trial_.rows.insert(trial_.rows.end(), row, row + cpu::kQuad * row_bytes);
    trial_.starts.insert(trial_.starts.end(), start, start + cpu::kQuad);
    auto add = [&](int64_t channel, uint32_t change) {
      starts[channel - first] = static_cast<int32_t>(static_cast<uint32_t>(starts[channel - first]) + change);
    };
    int64_t channel = first;
    for (const OperandChange& change : kernel_changes(first, first + cpu::kQuad)) {
      while (change.element >= (channel + 1) * row_size_) ++channel;
      packed_.place(rows + (channel - first) * row_bytes, change.element - channel * row_size_,
                    change.operand);
      add(channel, packed_.start_change(change.difference));
    }
    for (const OperandChange& change : bias_changes(first, first + cpu::kQuad))
      add(change.element, bias_change(change));
    return {quad, rows, starts, scaling_of(quad)};
  }

  /// A quad's, with its faults; null without a scaled finish.
  const cpu::Scaling* scaling_of(int quad) {
    if (packed_.scalings.empty()) return nullptr;
    const cpu::Scaling& clean = packed_.scalings[static_cast<size_t>(quad)];
    std::span<const OperandChange> scales = quad_changes(changes_.scale, quad),
                                   shifts = quad_changes(changes_.shift, quad);
    if (scales.empty() && shifts.empty()) return &clean;
    cpu::Scaling& faulty = trial_.scalings.emplace_back(clean);
    auto channel = [&](const OperandChange& change) { return static_cast<int>(change.element % cpu::kQuad); };
    for (const OperandChange& change : scales)
      packed_.scaling_rule.set_scale(faulty, channel(change), change.operand);
    for (const OperandChange& change : shifts)
      packed_.scaling_rule.set_shift(faulty, channel(change), change.operand);
    return &faulty;
  }

  void correct_quad(int quad, const cpu::Scaling* scaling) {
    int first = quad * cpu::kQuad, end = std::min(first + cpu::kQuad, packed_.sums.num_outputs);
    std::span<const OperandChange> kernel = kernel_changes(first, end), bias = bias_changes(first, end);
    auto weight = kernel.begin();
    auto offset = bias.begin();
    for (int channel = first; channel < end; ++channel) {
      uint32_t start = 0;
      size_t begin = trial_.corrections.size();
      bool is_hit = is_scaled_anew(channel);
      CorrectionWriter writer(packed_.input.width, trial_.corrections);
      for (; weight != kernel.end() && weight->element < (channel + 1) * row_size_; ++weight) {
        const OperandPlace& at = packed_.places[static_cast<size_t>(weight->element - channel * row_size_)];
        writer.add(packed_.input_words[static_cast<size_t>(at.word)], at.lane, weight->difference);
        start += packed_.start_change(weight->difference);
        is_hit = true;
      }
      writer.flush();
      for (; offset != bias.end() && offset->element == channel; ++offset) {
        start += bias_change(*offset);
        is_hit = true;
      }
      if (!is_hit) continue;
      std::span<const cpu::Correction> corrections = std::span(trial_.corrections).subspan(begin);
      work_.correct.push_back({channel, static_cast<int32_t>(start), corrections.data(), scaling,
                               static_cast<int32_t>(corrections.size()),
                               cpu::parts_that_fit(corrections, packed_.sums.max_code)});
    }
  }

  double correcting_cost(int quad) const {
    int64_t first = int64_t{quad} * cpu::kQuad, channel_end = 0;
    double cost = 0;
    for (const OperandChange& change : kernel_changes(first, first + cpu::kQuad)) {
      cost += costs_.correction;
      if (change.element < channel_end) continue;
      cost += costs_.channel;
      channel_end = (change.element / row_size_ + 1) * row_size_;
    }
    size_t others = bias_changes(first, first + cpu::kQuad).size() +
                    quad_changes(changes_.scale, quad).size() + quad_changes(changes_.shift, quad).size();
    return cost + static_cast<double>(others) * costs_.channel;
  }

  /// Whether flips hit a channel's own part of the affine layer.
  bool is_scaled_anew(int channel) const {
    return !changes_in(changes_.scale, channel, channel + 1).empty() ||
           !changes_in(changes_.shift, channel, channel + 1).empty();
  }

  /// Lists the words of the kernel rows that can meet differing words; what they add to an update's time.
  double note_differing(std::span<const uint8_t> written_input) {
    constexpr unsigned kEven = 0b0101, kOdd = 0b1010;
    bool pairs = packed_.input.width == cpu::Width::bytes;
    double seconds = 0;
    for (size_t i = 0; i < packed_.input_words.size(); ++i) {
      if (packed_.input_words[i] < 0) continue;
      unsigned places = written_input[static_cast<size_t>(packed_.pixel_word[i])];
      if (places == 0) continue;
      bool one = pairs && ((places & kEven) == 0 || (places & kOdd) == 0);
      seconds += one ? costs_.one_parity : costs_.both_parities;
      auto kernel = static_cast<int32_t>(i);
      std::vector<cpu::Run>& runs = work_.differing;
      if (!runs.empty() && runs.back().kernel + runs.back().length == kernel &&
          runs.back().x + runs.back().length == packed_.input_words[i]) {
        ++runs.back().length;
      } else {
        runs.push_back({packed_.input_words[i], kernel, 1});
      }
    }
    return seconds;
  }

  /// Divides the jobs among anew and update. `differing`: seconds that the differing words add to an update
  /// of all quads.
  bool updates_pay(std::span<const cpu::QuadJob> all, double differing) {
    double updating = (costs_.update + differing) / static_cast<double>(all.size()), seconds = 0;
    work_.anew.clear();
    work_.update.clear();
    auto channel = work_.correct.begin();
    for (const cpu::QuadJob& job : all) {
      bool is_hit = std::binary_search(hit_.begin(), hit_.end(), job.quad);
      double cost = updating + (is_hit ? correcting_cost(job.quad) : 0);
      bool corrects = is_hit && channel != work_.correct.end() && channel->channel / cpu::kQuad == job.quad;
      bool updates = (corrects || !is_hit) && cost <= costs_.quad;
      std::vector<cpu::QuadJob>& jobs = updates ? work_.update : work_.anew;
      jobs.push_back(job);
      seconds += updates ? cost : costs_.quad;
      for (; channel != work_.correct.end() && channel->channel / cpu::kQuad == job.quad; ++channel) {
        if (updates && jobs.back().num_own++ == 0) jobs.back().own = &*channel;
      }
    }
    if (work_.update.empty() || seconds > costs_.all) return false;
    trial_.seconds_per_tile += seconds;
    return true;
  }

  void note_written() {
    const cpu::Finish* finish = packed_.sums.finish;
    int per_word = finish != nullptr ? cpu::codes_per_word(finish->width) : 1;
    int words_per_quad = cpu::kQuad / per_word;
    auto place = [&](int channel) { return static_cast<uint8_t>(1 << channel % per_word); };
    work_.written.assign(static_cast<size_t>(packed_.num_quads() * words_per_quad), 0);
    for (const cpu::QuadJob& job : work_.redo)
      std::fill_n(work_.written.begin() + job.quad * words_per_quad, words_per_quad, (1 << per_word) - 1);
    for (const cpu::ChannelJob& job : work_.correct)
      work_.written[static_cast<size_t>(job.channel / per_word)] |= place(job.channel);
  }

  const Stage& stage_;
  const PackedLayer& packed_;
  const StageCosts& costs_;
  PreparedTrial& trial_;
  const LayerChanges& changes_;
  StageWork& work_;
  int64_t row_size_;
  std::vector<int> hit_;  // quads with faults, ascending
};

}  // namespace

void prepare_sums(const Stage& stage, size_t index, const StageCosts& costs, const SumsSituation& situation,
                  PreparedTrial& trial) {
  SumsPreparer preparer(stage, index, costs, trial);
  if (situation.input_may_change) {
    preparer.prepare_changed(situation.path, situation.written_input);
  } else {
    preparer.prepare_clean(situation.path);
  }
}

}  // namespace netsurf
