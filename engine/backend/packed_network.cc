#include "engine/backend/packed_network.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/backend/finish.h"
#include "engine/backend/fusion.h"

namespace netsurf {
namespace {

// Fewer products than this are summed anew faster than corrected.
constexpr size_t kFewProducts = 17;

}  // namespace

class PackedNetworkBuilder {
 public:
  PackedNetworkBuilder(PackedNetwork& network, const BitSpace& space, bool keeps_clean)
      : network_(network),
        model_(network.plain_.model()),
        keeps_clean_(keeps_clean),
        fusions_(find_fusions(network.plain_)) {
    for (const BitSpace::Segment& segment : space.segments()) {
      if (segment.begin < segment.end) has_bits_.insert(segment.parameter);
    }
    size_t num_parameters = model_.parameters().size();
    network_.packed_users_.resize(num_parameters);
    network_.has_plain_user_.resize(num_parameters);
  }

  void build() {
    lay_out_layers();
    slot_of_codes(0);  // the input is slot 0
    for (int i = 0; i < num_layers(); ++i) {
      bool shares = network_.plain_.buffer_of(i) != i;
      if (i == 0 || shares || is_fused_[static_cast<size_t>(i)] != 0) continue;
      if (packed_of_[static_cast<size_t>(i)] != nullptr) {
        add_sums(i);
      } else {
        add_plain(i);
      }
    }
    network_.scored_slot_ = slot_of_codes(network_.plain_.scored_buffer());
    keep_what_trials_read();
  }

 private:
  int num_layers() const { return static_cast<int>(model_.layers().size()); }
  const Layer& layer(int i) const { return model_.layers()[static_cast<size_t>(i)]; }

  /// Readers before those whose finish writes for them: a layer's words must be known.
  void lay_out_layers() {
    auto count = static_cast<size_t>(num_layers());
    is_fused_.resize(count);
    packed_of_.resize(count);
    packed_input_.assign(count, -1);
    writer_.assign(count, -1);
    std::vector<const Fusion*> writer(count);
    for (const Fusion& fusion : fusions_) {
      if (fusion.reader < 0) continue;
      writer[static_cast<size_t>(fusion.reader)] = &fusion;
      for (int i : fusion.layers) is_fused_[static_cast<size_t>(i)] = 1;
    }
    ParameterOperands operands = network_.plain_.clean_parameters();
    for (int i = num_layers() - 1; i > 0; --i) {
      if (!can_pack(model_, i)) continue;
      auto index = static_cast<size_t>(i);
      const Fusion& fusion = fusions_[index];
      bool is_written = writer[index] != nullptr;
      Shape flat = {static_cast<int>(model_.type(layer(i).inputs[0]).elements())};
      network_.layers_.push_back(make_packed_layer(model_, i, is_written ? writer[index]->image : flat,
                                                   !is_written, fusion.pool, operands));
      packed_of_[index] = network_.layers_.back().get();
      if (fusion.reader >= 0) {
        set_finish(model_, fusion, *packed_of_[static_cast<size_t>(fusion.reader)], operands,
                   *packed_of_[index]);
      }
    }
  }

  static int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  int add_slot(Slot slot) {
    network_.slots_.push_back(slot);
    return static_cast<int>(network_.slots_.size()) - 1;
  }

  int slot_of_codes(int i) {
    int buffer = network_.plain_.buffer_of(i);
    auto [at, is_new] = codes_slot_.insert({buffer, 0});
    if (is_new) {
      Slot slot;
      bool wide = network_.plain_.is_wide(buffer);
      slot.kind = wide ? Slot::Kind::wide : Slot::Kind::narrow;
      slot.layer = buffer;
      slot.bytes = aligned(model_.type(buffer).elements() * cpu::kTile * (wide ? 8 : 4));
      at->second = add_slot(slot);
    }
    return at->second;
  }

  /// The slot of the words that a packed layer reads; made by whoever needs it first.
  int packed_slot_for(int i) {
    int& slot = packed_input_[static_cast<size_t>(i)];
    if (slot < 0) {
      const PackedInput& input = packed_of_[static_cast<size_t>(i)]->input;
      Slot made;
      made.kind = Slot::Kind::packed;
      made.fill = input.fill;
      made.bytes = int64_t{input.num_words + cpu::kSlackWords} * cpu::kWordBytes;
      slot = add_slot(made);
    }
    return slot;
  }

  bool can_flip(int parameter) const { return parameter >= 0 && has_bits_.contains(parameter); }

  void add(Stage stage) {
    stage.can_change = stage.has_bits;
    for (int input : stage.inputs)
      stage.can_change = stage.can_change || network_.slots_[static_cast<size_t>(input)].can_change;
    network_.slots_[static_cast<size_t>(stage.output)].can_change = stage.can_change;
    network_.stages_.push_back(std::move(stage));
  }

  void add_sums(int i) {
    const PackedLayer& packed = *packed_of_[static_cast<size_t>(i)];
    if (packed_input_[static_cast<size_t>(i)] < 0) {
      Stage pack{.kind = Stage::Kind::pack, .layer = i, .inputs = {slot_of_codes(layer(i).inputs[0])}};
      pack.output = packed_slot_for(i);
      pack.packed = &packed;
      add(std::move(pack));
    }
    Stage sums{.kind = Stage::Kind::sums, .layer = i, .inputs = {packed_slot_for(i)}};
    sums.packed = &packed;
    for (int parameter : {packed.kernel, packed.bias, packed.scale, packed.shift})
      sums.has_bits = sums.has_bits || can_flip(parameter);
    bool corrects = keeps_clean_ && sums.has_bits && packed.places.size() >= kFewProducts;
    if (packed.sums.finish == nullptr) {
      sums.output = slot_of_codes(i);
      if (corrects) sums.clean_sums = sums.output;
    } else {
      sums.output = packed_slot_for(fusions_[static_cast<size_t>(i)].reader);
      if (corrects) {
        Slot kept;
        kept.kept = true;
        kept.bytes =
            aligned(static_cast<int64_t>(packed.pixels.size()) * packed.sums.num_outputs * cpu::kTile * 4);
        sums.clean_sums = add_slot(kept);
      }
    }
    auto index = static_cast<int>(network_.stages_.size());
    sums.writer = writer_[static_cast<size_t>(i)];
    int reader = fusions_[static_cast<size_t>(i)].reader;
    if (reader >= 0) writer_[static_cast<size_t>(reader)] = index;
    for (int parameter : std::set{packed.kernel, packed.bias, packed.scale, packed.shift}) {
      if (parameter >= 0) network_.packed_users_[static_cast<size_t>(parameter)].push_back(index);
    }
    add(std::move(sums));
  }

  void add_plain(int i) {
    Stage stage{.kind = Stage::Kind::plain, .layer = i};
    for (int input : layer(i).inputs) stage.inputs.push_back(slot_of_codes(input));
    stage.output = slot_of_codes(i);
    const Layer& l = layer(i);
    for (int parameter : {l.kernel, l.bias, l.scale, l.shift, l.thresholds}) {
      if (parameter < 0) continue;
      network_.has_plain_user_[static_cast<size_t>(parameter)] = 1;
      stage.plain_parameters.push_back(parameter);
      stage.has_bits = stage.has_bits || can_flip(parameter);
    }
    add(std::move(stage));
  }

  /// A stage without bits and with one input runs only where that changed, and then reads no clean content.
  void keep_what_trials_read() {
    for (const Stage& stage : network_.stages_) {
      if (!stage.can_change) continue;
      for (int input : stage.inputs) {
        Slot& slot = network_.slots_[static_cast<size_t>(input)];
        bool may_be_clean = stage.has_bits || stage.inputs.size() > 1 || stage.kind == Stage::Kind::sums;
        slot.kept = slot.kept || !slot.can_change || (keeps_clean_ && may_be_clean);
      }
      if (stage.kind == Stage::Kind::sums && keeps_clean_)
        network_.slots_[static_cast<size_t>(stage.output)].kept = true;
    }
  }

  PackedNetwork& network_;
  const Model& model_;
  bool keeps_clean_;
  std::vector<Fusion> fusions_;
  std::set<int> has_bits_;               // parameters with bits
  std::vector<uint8_t> is_fused_;        // per layer: done inside another's stage
  std::vector<PackedLayer*> packed_of_;  // per layer
  std::vector<int> packed_input_;        // per layer: the slot of its packed input
  std::vector<int> writer_;              // per layer: the stage that writes its packed input
  std::map<int, int> codes_slot_;        // buffer -> slot
};

void place_codes(const Slot& slot, uint8_t* content, Activations& activations) {
  auto layer = static_cast<size_t>(slot.layer);
  if (slot.kind == Slot::Kind::wide) {
    activations.wide[layer] = reinterpret_cast<int64_t*>(content);
  } else {
    activations.narrow[layer] = reinterpret_cast<int32_t*>(content);
  }
}

PackedNetwork::PackedNetwork(const PlainNetwork& plain, const BitSpace& space, bool keeps_clean)
    : plain_(plain) {
  PackedNetworkBuilder(*this, space, keeps_clean).build();
}

}  // namespace netsurf
