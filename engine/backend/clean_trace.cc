#include "engine/backend/clean_trace.h"

#include <algorithm>
#include <cstring>

#include "engine/backend/sample_tile.h"
#include "engine/backend/stopwatch.h"

namespace netsurf {
namespace {

constexpr int kChannels = 4, kCorrections = 48;  // enough for the cost of one to show
constexpr int kParts = 4;                        // that so many fall into whose operands have some 6 bits
constexpr size_t kScatter = 7919;
constexpr int kTilesAtOnce = 4;  // as in a block: what a call prepares serves several tiles

TileLayout kept_layout(const PackedNetwork& network) {
  return lay_out(network.slots(), [](const Slot& slot) { return slot.kept; });
}

}  // namespace

CleanTrace::CleanTrace(const PackedInputs& inputs, int64_t num_tiles)
    : memory_(inputs.network.slots(), kept_layout(inputs.network), num_tiles) {}

int64_t CleanTrace::bytes_per_tile(const PackedNetwork& network) { return kept_layout(network).bytes; }

CleanRunner::CleanRunner(const PackedInputs& inputs)
    : inputs_(inputs),
      scratch_(inputs.network.slots(), lay_out(inputs.network.slots(), [](const Slot&) { return true; }), 1),
      where_(inputs.network.slots().size()),
      parameters_(inputs.network.plain().clean_parameters()),
      activations_(inputs.network.plain().make_activations()) {}

void CleanRunner::run(int64_t tile, CleanTrace& trace, int64_t at) {
  for (size_t i = 0; i < where_.size(); ++i) {
    int slot = static_cast<int>(i);
    where_[i] = trace.memory().has(slot) ? trace.memory().at(slot, at) : scratch_.at(slot, 0);
  }
  load_tile(inputs_.set, sample_tile(inputs_.set, tile),
            reinterpret_cast<int32_t*>(where_[static_cast<size_t>(inputs_.network.input_slot())]));
  for (const Stage& stage : inputs_.network.stages()) run_stage(stage);
  scored_ = where_[static_cast<size_t>(inputs_.network.scored_slot())];
}

cpu::TileJob CleanRunner::job_of(const Stage& stage) const {
  cpu::TileJob job;
  job.x = where_[static_cast<size_t>(stage.inputs[0])];
  uint8_t* out = where_[static_cast<size_t>(stage.output)];
  if (stage.packed->sums.finish == nullptr) {
    job.sums = reinterpret_cast<int32_t*>(out);
  } else {
    job.packed = out;
    if (stage.clean_sums >= 0)
      job.sums = reinterpret_cast<int32_t*>(where_[static_cast<size_t>(stage.clean_sums)]);
  }
  return job;
}

void CleanRunner::run_stage(const Stage& stage) {
  uint8_t* out = where_[static_cast<size_t>(stage.output)];
  switch (stage.kind) {
    case Stage::Kind::plain:
      for (int input : stage.inputs)
        place_codes(inputs_.network.slots()[static_cast<size_t>(input)], where_[static_cast<size_t>(input)],
                    activations_);
      place_codes(inputs_.network.slots()[static_cast<size_t>(stage.output)], out, activations_);
      inputs_.network.plain().run_layer(stage.layer, parameters_, activations_);
      break;
    case Stage::Kind::pack: {
      const PackedInput& input = stage.packed->input;
      cpu::pack(reinterpret_cast<const int32_t*>(where_[static_cast<size_t>(stage.inputs[0])]), input.words,
                input.width, input.offset, out);
      break;
    }
    case Stage::Kind::sums: {
      cpu::TileJob job = job_of(stage);
      inputs_.kernels.sums(stage.packed->sums, stage.packed->quads, {&job, 1});
      break;
    }
  }
}

std::vector<StageCosts> CleanRunner::measure() {
  std::vector<StageCosts> all;
  for (const Stage& stage : inputs_.network.stages()) {
    StageCosts costs;
    if (stage.can_change && stage.kind == Stage::Kind::sums) {
      costs = measure_sums(stage);
    } else if (stage.can_change) {
      costs.all = seconds_of([&] { run_stage(stage); });
    }
    all.push_back(costs);
  }
  return all;
}

/// Writes what is there already, the same tile several times.
StageCosts CleanRunner::measure_sums(const Stage& stage) {
  const cpu::PackedSums& sums = stage.packed->sums;
  cpu::TileJob job = job_of(stage);
  if (sums.finish != nullptr) job.sums = nullptr;
  if (stage.clean_sums >= 0)
    job.clean_sums = reinterpret_cast<const int32_t*>(where_[static_cast<size_t>(stage.clean_sums)]);
  std::vector<cpu::TileJob> jobs(kTilesAtOnce, job);
  auto sum = [&](std::span<const cpu::QuadJob> quads) {
    return seconds_of([&] { inputs_.kernels.sums(sums, quads, jobs); }) / kTilesAtOnce;
  };
  StageCosts costs;
  costs.all = sum(stage.packed->quads);
  costs.quad = sum(std::span(stage.packed->quads).first(1));
  if (stage.clean_sums < 0) return costs;

  // By nothing, and scattered as faults are: even steps would share cache sets.
  std::vector<cpu::Correction> corrections;
  for (size_t i = 0; i < kCorrections; ++i) {
    const OperandPlace& place = stage.packed->places[i * kScatter % stage.packed->places.size()];
    corrections.push_back({stage.packed->input_words[static_cast<size_t>(place.word)], 0});
  }
  int num_channels = std::min(kChannels, sums.num_outputs);
  auto correct = [&](size_t count) {
    std::vector<cpu::ChannelJob> channels;
    for (int i = 0; i < num_channels; ++i)
      channels.push_back({i, 0, corrections.data(), stage.packed->quads[0].scaling,
                          static_cast<int32_t>(count), count > 0 ? kParts : 1});
    return seconds_of([&] { inputs_.kernels.correct(sums, channels, jobs); }) / kTilesAtOnce / num_channels;
  };
  costs.channel = correct(0);
  costs.correction = std::max(0.0, correct(kCorrections) - costs.channel) / kCorrections;
  if (stage.writer >= 0) measure_updates(stage, job, costs);
  return costs;
}

void CleanRunner::measure_updates(const Stage& stage, const cpu::TileJob& job, StageCosts& costs) {
  const cpu::PackedSums& sums = stage.packed->sums;
  int input = stage.inputs[0];
  auto words =
      static_cast<size_t>(inputs_.network.slots()[static_cast<size_t>(input)].bytes) / sizeof(uint32_t);
  // Of slots that are kept the clean content is in the trace, and the scratch tile's is of no use.
  uint8_t* faulty = scratch_.at(input, 0);
  cpu::TileJob changed = job;
  changed.clean_x = job.x;
  changed.x = faulty;
  if (job.sums != nullptr) changed.sums = scratch_.narrow(stage.output, 0);
  if (job.packed != nullptr) changed.packed = scratch_.at(stage.output, 0);
  std::vector<cpu::TileJob> jobs(kTilesAtOnce, changed);
  auto update = [&](std::span<const cpu::Run> differing) {
    return seconds_of([&] { inputs_.kernels.update(sums, stage.packed->quads, differing, jobs); }) /
           kTilesAtOnce;
  };
  int64_t row_words = 0;
  for (const cpu::Run& run : sums.runs) row_words += run.length;
  auto update_by = [&](uint32_t places) {
    for (size_t i = 0; i < words; ++i) {
      uint32_t word;
      std::memcpy(&word, job.x + i * sizeof word, sizeof word);
      word ^= places;
      std::memcpy(faulty + i * sizeof word, &word, sizeof word);
    }
    return update(sums.runs);
  };
  double one = update_by(0x00000001), both = update_by(0x01010101);
  costs.update = update({});
  costs.one_parity = std::max(0.0, one - costs.update) / static_cast<double>(row_words);
  costs.both_parities = std::max(0.0, both - costs.update) / static_cast<double>(row_words);
}

}  // namespace netsurf
