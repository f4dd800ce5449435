#include "engine/backend/block_runner.h"

#include <bit>
#include <cstring>

namespace netsurf {
namespace {

template <typename Use>
void for_each_tile(uint64_t tiles, Use use) {
  for (; tiles != 0; tiles &= tiles - 1) use(std::countr_zero(tiles));
}

TileLayout own_layout(const PackedNetwork& network) {
  return lay_out(network.slots(), [](const Slot& slot) { return slot.can_change; });
}

}  // namespace

BlockRunner::BlockRunner(const PackedInputs& inputs, const Scorer& scorer, int block_size)
    : inputs_(inputs),
      scorer_(scorer),
      own_(inputs.network.slots(), own_layout(inputs.network), block_size),
      changed_(inputs.network.slots().size()),
      copied_(inputs.network.slots().size()),
      stale_(inputs.network.slots().size()),
      jobs_(static_cast<size_t>(block_size)),
      clean_jobs_(inputs.network.stages().size()),
      parameters_(inputs.network.plain().clean_parameters()),
      activations_(inputs.network.plain().make_activations()) {}

int64_t BlockRunner::bytes_per_tile(const PackedNetwork& network) { return own_layout(network).bytes; }

void BlockRunner::enter(const TileBlock& block, const CleanTrace& trace, int64_t at) {
  block_ = block;
  trace_ = &trace;
  at_ = at;
  all_ = block.size == kMaxBlock ? ~Mask{0} : (Mask{1} << block.size) - 1;
  std::fill(copied_.begin(), copied_.end(), 0);
  std::fill(changed_.begin(), changed_.end(), 0);
  for (size_t s = 0; s < clean_jobs_.size(); ++s) {
    const Stage& stage = inputs_.network.stages()[s];
    clean_jobs_[s].clear();
    if (stage.kind != Stage::Kind::sums || !stage.can_change) continue;
    for (int tile = 0; tile < block.size; ++tile) clean_jobs_[s].push_back(job_for(stage, tile));
  }
}

void BlockRunner::run(const PreparedTrial& trial, bool with_loss, TrialOutcome& outcome) {
  std::fill(changed_.begin(), changed_.end(), 0);
  put_plain(trial);
  const std::vector<Stage>& stages = inputs_.network.stages();
  for (size_t s = 0; s < stages.size(); ++s) {
    const Stage& stage = stages[s];
    const StageWork& work = trial.stages[s];
    Mask reached = work.is_faulty || trial.anew ? all_ : 0;
    for (int input : stage.inputs) reached |= changed_[static_cast<size_t>(input)];
    if (reached == 0 || !stage.can_change) continue;
    switch (stage.kind) {
      case Stage::Kind::plain:
        run_plain(stage, reached);
        break;
      case Stage::Kind::pack:
        run_pack(stage, reached);
        break;
      case Stage::Kind::sums: {
        Mask anew = trial.anew ? all_ : changed_[static_cast<size_t>(stage.inputs[0])];
        if (anew != 0) run_anew(stage, work.anew, work.update, work.differing, anew);
        if ((all_ & ~anew) != 0 && work.is_faulty) run_partly(s, work, all_ & ~anew);
        break;
      }
    }
  }
  take_plain(trial);
  score(with_loss, outcome);
}

void BlockRunner::run_plain(const Stage& stage, Mask tiles) {
  const std::vector<Slot>& slots = inputs_.network.slots();
  const Slot& out = slots[static_cast<size_t>(stage.output)];
  for_each_tile(tiles, [&](int tile) {
    for (int input : stage.inputs)
      place_codes(slots[static_cast<size_t>(input)], current(input, tile), activations_);
    place_codes(out, own_.at(stage.output, tile), activations_);
    inputs_.network.plain().run_layer(stage.layer, parameters_, activations_);
  });
  note_changes(stage, tiles);
}

void BlockRunner::run_pack(const Stage& stage, Mask tiles) {
  const PackedInput& input = stage.packed->input;
  for_each_tile(tiles, [&](int tile) {
    cpu::pack(reinterpret_cast<const int32_t*>(current(stage.inputs[0], tile)), input.words, input.width,
              input.offset, own_.at(stage.output, tile));
  });
  note_changes(stage, tiles);
}

/// Early out: what was written in full but equals the clean content counts as clean.
void BlockRunner::note_changes(const Stage& stage, Mask tiles) {
  auto slot = static_cast<size_t>(stage.output);
  copied_[slot] &= ~tiles;
  if (inputs_.network.slots()[slot].kept) {
    auto bytes = static_cast<size_t>(inputs_.network.slots()[slot].bytes);
    for_each_tile(tiles, [&](int tile) {
      if (std::memcmp(own_.at(stage.output, tile), clean(stage.output, tile), bytes) == 0)
        tiles &= ~(Mask{1} << tile);
    });
  }
  changed_[slot] |= tiles;
}

/// With the input as it is now.
cpu::TileJob BlockRunner::job_for(const Stage& stage, int tile) const {
  cpu::TileJob job;
  job.x = current(stage.inputs[0], tile);
  job.clean_x = clean(stage.inputs[0], tile);
  job.clean_sums = reinterpret_cast<const int32_t*>(clean(stage.clean_sums, tile));
  if (stage.packed->sums.finish != nullptr) {
    job.packed = own_.at(stage.output, tile);
    job.clean_packed = clean(stage.output, tile);
  } else {
    job.sums = own_.narrow(stage.output, tile);
  }
  return job;
}

std::span<cpu::TileJob> BlockRunner::jobs_for(const Stage& stage, Mask tiles) {
  size_t count = 0;
  for_each_tile(tiles, [&](int tile) { jobs_[count++] = job_for(stage, tile); });
  return {jobs_.data(), count};
}

void BlockRunner::take_changes(const Stage& stage, Mask tiles, std::span<const cpu::TileJob> jobs) {
  Mask changed = tiles;
  bool compares = inputs_.network.slots()[static_cast<size_t>(stage.output)].kept;
  if (stage.packed->sums.finish != nullptr && compares) {  // sums themselves are not
    changed = 0;
    size_t i = 0;
    for_each_tile(tiles, [&](int tile) { changed |= Mask{jobs[i++].changed} << tile; });
  }
  changed_[static_cast<size_t>(stage.output)] |= changed;
}

void BlockRunner::run_anew(const Stage& stage, std::span<const cpu::QuadJob> anew,
                           std::span<const cpu::QuadJob> update, std::span<const cpu::Run> differing,
                           Mask tiles) {
  copied_[static_cast<size_t>(stage.output)] &= ~tiles;
  std::span<cpu::TileJob> jobs = jobs_for(stage, tiles);
  if (!anew.empty()) inputs_.kernels.sums(stage.packed->sums, anew, jobs);
  if (!update.empty()) inputs_.kernels.update(stage.packed->sums, update, differing, jobs);
  take_changes(stage, tiles, jobs);
}

void BlockRunner::run_partly(size_t index, const StageWork& work, Mask tiles) {
  const Stage& stage = inputs_.network.stages()[index];
  if (static_cast<int>(work.redo.size()) == stage.packed->num_quads()) {
    run_anew(stage, work.redo, {}, {}, tiles);
    return;
  }
  restore(stage, work, tiles);
  std::span<cpu::TileJob> jobs = clean_jobs_[index];
  if (tiles == all_) {
    for (cpu::TileJob& job : jobs) job.changed = false;
  } else {
    jobs = jobs_for(stage, tiles);
  }
  if (!work.redo.empty()) inputs_.kernels.sums(stage.packed->sums, work.redo, jobs);
  if (!work.correct.empty()) inputs_.kernels.correct(stage.packed->sums, work.correct, jobs);
  take_changes(stage, tiles, jobs);
}

void BlockRunner::restore(const Stage& stage, const StageWork& work, Mask tiles) {
  auto slot = static_cast<size_t>(stage.output);
  auto copy = [&](Mask to, int64_t byte, int64_t bytes) {
    for_each_tile(to, [&](int tile) {
      std::memcpy(own_.at(stage.output, tile) + byte, clean(stage.output, tile) + byte,
                  static_cast<size_t>(bytes));
    });
  };
  copy(tiles & ~copied_[slot], 0, inputs_.network.slots()[slot].bytes);
  std::vector<uint8_t>& stale = stale_[slot];
  if (stale == work.written) {  // as among single flips, which hit a channel one after the other
    copied_[slot] |= tiles;
    return;
  }
  stale.resize(work.written.size());
  // Sums are [pixels, outputs, kTile] in 32 bits: a row of one channel is as long as a word of four.
  static_assert(cpu::kWordBytes == cpu::kTile * sizeof(int32_t));
  const cpu::PackedSums& sums = stage.packed->sums;
  for (size_t i = 0; i < stale.size(); ++i) {
    if (stale[i] != 0 && work.written[i] == 0) {
      auto word = static_cast<int64_t>(i);
      if (sums.finish != nullptr) {
        for (int32_t first : sums.finish->out_words)
          copy(copied_[slot], (first + word) * cpu::kWordBytes, cpu::kWordBytes);
      } else {
        for (int64_t pixel = 0; pixel < std::ssize(sums.pixels) && word < sums.num_outputs; ++pixel)
          copy(copied_[slot], (pixel * sums.num_outputs + word) * cpu::kWordBytes, cpu::kWordBytes);
      }
    }
    stale[i] = work.written[i];
  }
  copied_[slot] |= tiles;
}

void BlockRunner::put_plain(const PreparedTrial& trial) {
  for (const PlainChanges& of : trial.changes.plain) {
    std::vector<int32_t>& operands = parameters_[static_cast<size_t>(of.parameter)];
    for (const OperandChange& change : of.operands)
      operands[static_cast<size_t>(change.element)] = change.operand;
  }
}

void BlockRunner::take_plain(const PreparedTrial& trial) {
  for (const PlainChanges& of : trial.changes.plain) {
    std::vector<int32_t>& operands = parameters_[static_cast<size_t>(of.parameter)];
    for (const OperandChange& change : of.operands)
      operands[static_cast<size_t>(change.element)] = static_cast<int32_t>(
          static_cast<uint32_t>(change.operand) - static_cast<uint32_t>(change.difference));
  }
}

void BlockRunner::score(bool with_loss, TrialOutcome& outcome) const {
  int slot = inputs_.network.scored_slot();
  bool is_wide = inputs_.network.slots()[static_cast<size_t>(slot)].kind == Slot::Kind::wide;
  Mask changed = changed_[static_cast<size_t>(slot)];
  auto samples_of = [&](int tile, int run) {
    int64_t left = inputs_.set.count - (block_.begin + tile) * cpu::kTile;
    return static_cast<int>(std::min<int64_t>(int64_t{run} * cpu::kTile, left));
  };
  for (int tile = 0, run = 1; tile < block_.size; tile += run) {
    int64_t begin = (block_.begin + tile) * cpu::kTile;
    Mask rest = changed >> tile;
    run = (rest & 1) != 0 ? 1 : std::min(std::countr_zero(rest), block_.size - tile);
    if ((rest & 1) == 0) {
      scorer_.add_clean(begin, samples_of(tile, run), with_loss, outcome);
    } else if (is_wide) {
      scorer_.add(own_.wide(slot, tile), begin, samples_of(tile, 1), with_loss, outcome);
    } else {
      scorer_.add(own_.narrow(slot, tile), begin, samples_of(tile, 1), with_loss, outcome);
    }
  }
}

}  // namespace netsurf
