#include "engine/backend/cuda/fused_plan.h"

#include <algorithm>

#include "engine/backend/cuda/fused_image.h"
#include "engine/backend/cuda/fused_slots.h"
#include "engine/backend/cuda/layer_facts.h"
#include "engine/backend/requantizer.h"

namespace netsurf {
namespace {

using cuda::FusedNetwork;
using cuda::FusedStage;

class PlanMaker {
 public:
  /// `corrects`: for the delta path.
  PlanMaker(const PlainNetwork& plain, const BitSpace& space, const FusedChain& chain, const FusedCut& cut,
            bool corrects)
      : plain_(plain), model_(plain.model()), space_(space), chain_(chain), cut_(cut), corrects_(corrects) {}

  /// Nothing if a block does not fit shared_bytes; tables are made only where it does.
  std::optional<FusedPlan> make(int shared_bytes) {
    FusedNetwork& network = plan_.network;
    network.num_stages = static_cast<int>(chain_.stages.size());
    network.tile_samples = cut_.tile_samples;
    network.num_teams = cut_.num_teams;
    network.num_warps = cut_.num_warps;
    if (corrects_ || chain_.has_planes() || network.num_threads() > cuda::kWideThreads)
      network.most_tiles = cuda::kNarrowTiles;
    if (is_far_too_large()) return std::nullopt;
    for (size_t i = 0; i < chain_.stages.size(); ++i)
      slots_.push_back(slot_for(layer_of(i), chain_.stages[i], i == 0));
    int most_tiles = cuda::kNarrowTiles;
    for (size_t i = 0; i < chain_.stages.size(); ++i) {
      add_parameters(i);
      add_chunks(i);
      most_tiles = std::max(most_tiles, stage_at(i).num_column_tiles);
    }
    network.most_tiles = most_tiles;
    if (corrects_ && stage_at(0).ending != cuda::FusedEnding::codes) return std::nullopt;
    plan_.chunks.resize(plan_.chunks.size() + 2);  // read ahead of the last step
    network.num_chunks = static_cast<int>(plan_.chunks.size());
    add_kernels();
    lay_out_bytes();
    finish_layout();
    if (network.shared_bytes > shared_bytes || image_bytes_ > cuda::kMaxImageBytes) return std::nullopt;
    for (size_t i = 0; i < chain_.stages.size(); ++i) {
      add_rows(i);
      add_cells(i);
    }
    plan_.sources = sources_of(slots_[0], layer_of(0).window);
    network.filled_bytes = static_cast<int>(plan_.sources.size());
    const FusedImage image(plain_, chain_, slots_, plan_.network);
    plan_.image = image.words(static_cast<size_t>(image_bytes_) / 4);
    plan_.segments = image.segments(space_);
    return std::move(plan_);
  }

 private:
  const ChainStage& chain_at(size_t i) const { return chain_.stages[i]; }
  const Layer& layer_of(size_t i) const { return model_.layers()[static_cast<size_t>(chain_at(i).layer)]; }
  FusedStage& stage_at(size_t i) { return plan_.network.stages[i]; }
  bool is_last(size_t i) const { return i + 1 == chain_.stages.size(); }

  /// Whether the layout need not be tried, and its sums of bytes could pass an int: a hundred times more than
  /// any block has, or a kernel that no image holds.
  bool is_far_too_large() const {
    constexpr int64_t kMostBytes = int64_t{1} << 25, kMostOperands = int64_t{1} << 21;
    for (size_t i = 0; i < chain_.stages.size(); ++i) {
      const Shape& in = chain_at(i).in_image;
      const Window& w = layer_of(i).window;
      const int64_t height = int64_t{in[0]} + w.pad_top + w.pad_bottom,
                    width = int64_t{in[1]} + w.pad_left + w.pad_right;
      const int64_t pixels = height * width, most_pixels = kMostBytes / cut_.tile_samples;
      if (pixels > most_pixels || pixels * padded(in[2]) > most_pixels) return true;
      const Parameter& kernel = model_.parameters()[static_cast<size_t>(layer_of(i).kernel)];
      const bool stays_out = corrects_ && i == 0;
      if (num_elements(kernel.shape) > (stays_out ? cuda::kMaxImageBytes : kMostOperands)) return true;
    }
    return false;
  }

  /// Pixels that a stage computes: of its sums, whole pool windows alone.
  int pooled_pixels(size_t i) const {
    Shape pooled = chain_at(i).pooled();
    return static_cast<int>(pooled[0] * pooled[1]);
  }

  /// Bytes of a kernel row before it is padded.
  int64_t row_bytes(size_t i) const {
    const SlotLayout& slot = slots_[i];
    if (slot.form == SlotForm::windows) return slot.pixel_bytes;
    if (slot.form == SlotForm::strips) return int64_t{slot.pixel_bytes} * layer_of(i).window.height;
    const Layer& layer = layer_of(i);
    int64_t pixels = layer.kind == LayerKind::conv2d ? int64_t{layer.window.height} * layer.window.width
                                                     : int64_t{slot.image[0]} * slot.image[1];
    return pixels * slot.pixel_bytes;
  }

  void add_parameters(size_t i) {
    FusedStage& stage = stage_at(i);
    const ChainStage& from = chain_at(i);
    stage.reads_tile = i == 0;
    stage.reads_signed = model_.type(layer_of(i).inputs[0]).low < 0;
    stage.is_last = is_last(i);
    stage.num_channels = static_cast<int>(from.out_image[2]);
    set_sums(i);
    set_ending(i);
    const int octets = cut_.tile_samples / cuda::kOctet * pooled_pixels(i);
    stage.num_groups = stage.pools ? octets : (octets + cuda::kGroupOctets - 1) / cuda::kGroupOctets;
    int column_tiles = padded(stage.num_channels) / 8;
    stage.num_column_tiles = 2;
    for (int tiles : {cuda::kWideTiles, cuda::kNarrowTiles}) {
      if (from.reads_planes) break;
      const bool can_be = stage.ending == cuda::FusedEnding::codes ||
                          (stage.ending == cuda::FusedEnding::scaled && tiles == cuda::kNarrowTiles);
      if (can_be && tiles <= plan_.network.most_tiles && column_tiles % tiles == 0 &&
          stage.num_groups * (column_tiles / tiles) >= cut_.num_warps) {
        stage.num_column_tiles = tiles;
        break;
      }
    }
    stage.num_passes = column_tiles / stage.num_column_tiles;
    stage.num_steps = static_cast<int>((row_bytes(i) + cuda::kStepBytes - 1) / cuda::kStepBytes);
    stage.kernel_stride = row_stride(int64_t{stage.num_steps} * cuda::kStepBytes);
    auto add_words = [&](int& words) {
      words = image_bytes_ / 4;
      image_bytes_ += column_tiles * 8 * 4;
    };
    add_words(stage.bias);
    if (from.affine < 0) return;
    add_words(stage.scale);
    add_words(stage.shift);
  }

  // Longer shifts than those below meet zeros alone (PlainNetwork::shift_within).
  void set_sums(size_t i) {
    FusedStage& stage = stage_at(i);
    const Alignment alignment = sums_alignment(model_, chain_at(i).layer);
    stage.product_factor = static_cast<int>(uint32_t{1} << std::min(alignment.first_shift, 31));
    stage.bias_shift = std::min(alignment.second_shift, 31);
    stage.bias_extension = extension_of(layer_of(i).bias);
  }

  void set_ending(size_t i) {
    FusedStage& stage = stage_at(i);
    const ChainStage& from = chain_at(i);
    stage.pools = from.pools;
    stage.finishes = from.finish.has_value();
    stage.scales = from.affine >= 0;
    if (stage.scales) {
      const Layer& affine = model_.layers()[static_cast<size_t>(from.affine)];
      const Alignment alignment = affine_alignment(model_, from.affine);
      stage.turns = from.pools_scaled;
      stage.scale_shift = alignment.first_shift;
      stage.shift_shift = std::min(alignment.second_shift, 62);
      stage.scale_extension = extension_of(affine.scale);
      stage.shift_extension = extension_of(affine.shift);
    }
    if (stage.scales || from.puts_planes) {
      stage.ending = from.puts_planes ? cuda::FusedEnding::planes : cuda::FusedEnding::scaled;
      stage.wide_quick = *from.wide_finish;
      return;
    }
    stage.ending = from.finish ? cuda::FusedEnding::any : cuda::FusedEnding::scores;
    if (!from.finish) return;
    stage.finish = *from.finish;
    const auto quick = make_quick<int32_t>(*from.finish, model_.type(from.layer).bound);
    if (!quick || stage.is_last) return;
    stage.ending = cuda::FusedEnding::codes;
    stage.quick = *quick;
  }

  /// After the biases; the first layer's last where it stays out of the teams' images.
  void add_kernels() {
    auto add = [&](size_t i) {
      FusedStage& stage = stage_at(i);
      stage.kernel = image_bytes_;
      image_bytes_ += stage.num_passes * stage.num_column_tiles * 8 * stage.kernel_stride;
    };
    for (size_t i = corrects_ ? 1 : 0; i < chain_.stages.size(); ++i) add(i);
    team_image_bytes_ = image_bytes_;
    if (corrects_) add(0);
  }

  /// Bits above those of a stored number that has a sign; a constant one may be wider than its format.
  int extension_of(int parameter) const {
    if (parameter < 0) return 0;
    const Parameter& of = model_.parameters()[static_cast<size_t>(parameter)];
    return of.constant || !of.format.is_signed ? 0 : 32 - of.format.bits;
  }

  /// A team's memory: image, the input of every stage but the first, scores.
  void lay_out_bytes() {
    FusedNetwork& network = plan_.network;
    int bytes = team_image_bytes_;
    for (size_t i = 1; i < chain_.stages.size(); ++i) {
      stage_at(i).input = bytes;
      const SlotLayout& slot = slots_[i];
      stage_at(i - 1).output = bytes + static_cast<int>(slot.pixel(slot.pad_top, slot.pad_left));
      const int plane = padded(int64_t{cut_.tile_samples} * slot.sample_bytes);
      bytes += plane;
      if (!chain_at(i).reads_planes) continue;
      stage_at(i).input_plane = stage_at(i - 1).output_plane = plane;
      bytes += plane;
    }
    network.scores = stage_at(chain_.stages.size() - 1).output = bytes;
    bytes += padded(cut_.tile_samples * num_scores() * 4);
    if (corrects_) {
      plan_.delta.notes = bytes;
      bytes += padded(cuda::note_bytes(stage_at(0).num_channels));
    }
    network.team_bytes = bytes;
    network.image_words = team_image_bytes_ / 4;
  }

  int num_scores() const { return static_cast<int>(model_.type(model_.scored_layer()).elements()); }

  void add_chunks(size_t i) {
    FusedStage& stage = stage_at(i);
    const SlotLayout& slot = slots_[i];
    const Layer& layer = layer_of(i);
    stage.first_chunk = static_cast<int>(plan_.chunks.size());
    auto add_pixel = [&](int64_t begin) {
      for (int byte = 0; byte < slot.pixel_bytes; byte += cuda::kChunkBytes)
        plan_.chunks.push_back(static_cast<int32_t>(begin) + byte);
    };
    if (slot.form == SlotForm::strips) {
      stage.strip_step = static_cast<int>(slot.pixel(layer.window.dilation_y, 0));
      return;
    }
    if (slot.form == SlotForm::windows) {
      add_pixel(0);
    } else if (layer.kind == LayerKind::conv2d) {
      const Window& w = layer.window;
      for (int y = 0; y < w.height; ++y) {
        for (int x = 0; x < w.width; ++x) add_pixel(slot.pixel(y * w.dilation_y, x * w.dilation_x));
      }
    } else {
      for (int y = 0; y < slot.height; ++y) {
        for (int x = 0; x < slot.width; ++x) add_pixel(slot.pixel(y, x));
      }
    }
    // A last odd chunk has a partner that only zeros of the kernel meet.
    while (static_cast<int>(plan_.chunks.size()) < stage.first_chunk + 2 * stage.num_steps)
      plan_.chunks.push_back(plan_.chunks[static_cast<size_t>(stage.first_chunk)]);
  }

  /// Bytes from the slot's begin where the window of an output pixel begins.
  int32_t row_begin(size_t i, int sample, int y, int x) const {
    const SlotLayout& slot = slots_[i];
    const Window& w = layer_of(i).window;
    int64_t pixel = 0;
    if (layer_of(i).kind == LayerKind::conv2d) {
      const bool steps_down = slot.form != SlotForm::windows, steps_right = slot.form == SlotForm::pixels;
      pixel = slot.pixel(steps_down ? y * w.stride_y : y, steps_right ? x * w.stride_x : x);
    }
    return static_cast<int32_t>(int64_t{sample} * slot.sample_bytes + pixel);
  }

  /// The first sample and the pixel, of pooled ones, of an octet of a stage; beyond the last octet, of that.
  struct Octet {
    int sample, y, x;
  };
  Octet octet_at(size_t i, int at) const {
    const int pixels = pooled_pixels(i), total = cut_.tile_samples / cuda::kOctet * pixels,
              width = static_cast<int>(chain_at(i).pooled()[1]);
    at = std::min(at, total - 1);
    return {at / pixels * cuda::kOctet, at % pixels / width, at % pixels % width};
  }

  void add_rows(size_t i) {
    FusedStage& stage = stage_at(i);
    stage.row_stride = slots_[i].sample_bytes;
    std::vector<int32_t> rows;
    for (int at = 0; at < stage.num_groups * cuda::kGroupOctets; ++at) {
      if (stage.pools) {
        const int corner = at % cuda::kGroupOctets;
        const Octet octet = octet_at(i, at / cuda::kGroupOctets);
        rows.push_back(row_begin(i, octet.sample, 2 * octet.y + corner / 2, 2 * octet.x + corner % 2));
      } else {
        const Octet octet = octet_at(i, at);
        rows.push_back(row_begin(i, octet.sample, octet.y, octet.x));
      }
    }
    plan_.tables.resize(i + 1);
    plan_.tables[i].rows = std::move(rows);
  }

  void add_cells(size_t i) {
    FusedStage& stage = stage_at(i);
    stage.cell_stride = stage.is_last ? num_scores() : slots_[i + 1].sample_bytes;
    const int width = static_cast<int>(chain_at(i).pooled()[1]);
    std::vector<int32_t> cells;
    for (int at = 0; at < stage.num_groups * (stage.pools ? 1 : cuda::kGroupOctets); ++at) {
      const Octet octet = octet_at(i, at);
      const int64_t pixel = stage.is_last ? int64_t{octet.y * width + octet.x} * stage.num_channels
                                          : slots_[i + 1].pixel(octet.y, octet.x);
      cells.push_back(static_cast<int32_t>(int64_t{octet.sample} * stage.cell_stride + pixel));
    }
    plan_.tables[i].cells = std::move(cells);
  }

  void finish_layout() {
    FusedNetwork& network = plan_.network;
    const SlotLayout& slot = slots_[0];
    network.sample_elements = static_cast<int>(model_.type(0).elements());
    network.tile = padded(network.num_chunks * 4);
    network.sample_bytes = slot.sample_bytes;
    const int beyond = cuda::kMaxStripRows * network.stages[0].strip_step;  // strips below the last
    network.tile_bytes = padded(int64_t{cut_.tile_samples} * slot.sample_bytes + beyond);
    if (corrects_) lay_out_delta();
    network.teams = network.tile + network.tile_bytes;
    const int64_t clean = int64_t{network.teams} + int64_t{cut_.num_teams} * network.team_bytes;
    network.clean = static_cast<int>(std::min<int64_t>(clean, INT32_MAX / 2));
    network.num_scores = num_scores();
    network.shared_bytes = network.clean + padded(cut_.tile_samples * (network.num_scores + 2) * 4);
  }

  /// The tile in the order of positions, and behind it, as part of it, what the first layer makes of it.
  void lay_out_delta() {
    FusedNetwork& network = plan_.network;
    const int channels = network.stages[0].num_channels;
    plan_.delta.num_inputs = network.sample_elements;
    plan_.delta.products = network.tile + padded(int64_t{network.sample_elements} * cuda::kDeltaRowBytes);
    plan_.delta.codes = plan_.delta.products + channels * cuda::kDeltaSamples * 4;
    plan_.delta.first_kernel_byte = team_image_bytes_;
    network.tile_bytes = plan_.delta.codes + channels * cuda::kDeltaSamples - network.tile;
  }

  const PlainNetwork& plain_;
  const Model& model_;
  const BitSpace& space_;
  const FusedChain& chain_;
  FusedCut cut_;
  bool corrects_;
  std::vector<SlotLayout> slots_;  // what stage i reads
  int image_bytes_ = 0, team_image_bytes_ = 0;
  FusedPlan plan_;
};

std::optional<FusedPlan> fitting_plan(const PlainNetwork& plain, const BitSpace& space,
                                      const FusedChain& chain, const FusedCut& cut, bool corrects,
                                      int shared_bytes) {
  if (cut.num_teams * cut.num_warps * 32 > cuda::kNarrowThreads) return std::nullopt;
  if (cut.num_teams > cuda::kMaxTeams) return std::nullopt;
  return PlanMaker(plain, space, chain, cut, corrects).make(shared_bytes);
}

}  // namespace

std::optional<FusedPlan> make_fused_plan(const PlainNetwork& plain, const BitSpace& space,
                                         const FusedChain& chain, const FusedCut& cut, int shared_bytes) {
  return fitting_plan(plain, space, chain, cut, false, shared_bytes);
}

std::optional<FusedPlan> make_delta_plan(const PlainNetwork& plain, const BitSpace& space,
                                         const FusedChain& chain, int num_teams, int shared_bytes) {
  const ChainStage& first = chain.stages[0];
  const Model& model = plain.model();
  if (chain.stages.size() < 2 || chain.has_planes() || first.pools || !first.finish ||
      model.layers()[static_cast<size_t>(first.layer)].kind != LayerKind::dense ||
      first.out_image[2] > 32 * cuda::kMaxDirtyWords || model.type(0).elements() > UINT16_MAX)
    return std::nullopt;
  return fitting_plan(plain, space, chain, {cuda::kDeltaSamples, num_teams, cuda::kDeltaWarps}, true,
                      shared_bytes);
}

}  // namespace netsurf
