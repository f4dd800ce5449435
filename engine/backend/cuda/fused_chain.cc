#include "engine/backend/cuda/fused_chain.h"

#include <algorithm>

#include "engine/backend/cuda/layer_facts.h"
#include "engine/backend/fusion.h"
#include "engine/backend/requantizer.h"
#include "kernels/cuda/fused.h"

namespace netsurf {
namespace {

Shape as_image(const Shape& shape) {
  return shape.size() == 3 ? shape : Shape{1, 1, static_cast<int>(num_elements(shape))};
}

class ChainFinder {
 public:
  ChainFinder(const PlainNetwork& plain, const BitSpace& space)
      : plain_(plain), model_(plain.model()), readers_(plain) {
    users_.resize(model_.parameters().size());
    for (const Layer& layer : model_.layers()) {
      for (int parameter : {layer.kernel, layer.bias, layer.scale, layer.shift}) {
        if (parameter >= 0) ++users_[static_cast<size_t>(parameter)];
      }
    }
    has_bits_.resize(model_.parameters().size());
    for (const BitSpace::Segment& segment : space.segments())
      has_bits_[static_cast<size_t>(segment.parameter)] = true;
  }

  FusedChain find() {
    FusedChain chain;
    Shape image;
    for (int at = 0; plain_.buffer_of(at) != plain_.scored_buffer();) {
      ChainStage stage;
      stage.layer = readers_.of(at);
      if (stage.layer < 0) return refuse(at, "is read by several layers");
      if (std::string reason = why_not(stage.layer, at); !reason.empty()) return refuse(stage.layer, reason);
      Shape in = as_image(model_.type(layer_at(stage.layer).inputs[0]).shape);
      if (at == 0) image = in;
      if (layer_at(stage.layer).kind == LayerKind::conv2d && in != image)
        return refuse(stage.layer, "reads a reshaped image");
      stage.in_image = image;
      stage.reads_planes = at != 0 && !fits_a_byte(at);
      stage.out_image = as_image(model_.type(stage.layer).shape);
      at = stage.layer;
      take_pool(stage, at);
      take_affine(stage, at);
      take_pool(stage, at);
      take_activation(stage, at);
      take_pool(stage, at);
      image = stage.pooled();
      bool is_last = plain_.buffer_of(at) == plain_.scored_buffer();
      if (stage.affine >= 0 && (is_last || !stage.wide_finish))
        return refuse(stage.affine, "is not followed by a plain activation that is read");
      if (!is_last && !stage.finish)
        return refuse(stage.layer, "is followed by something else than one plain activation");
      stage.puts_planes = !is_last && !fits_a_byte(at);
      if (stage.puts_planes && !fits_planes(at)) return refuse(at, "has codes beyond int16");
      if (stage.puts_planes && !stage.wide_finish)
        return refuse(at, "has codes of more than 8 bits and no quick way to them");
      if (is_last && readers_.of(at) >= 0) return refuse(at, "is scored and read");
      chain.stages.push_back(stage);
      if (chain.stages.size() > static_cast<size_t>(cuda::kMaxStages))
        return refuse(at, "comes after " + std::to_string(cuda::kMaxStages) + " others");
    }
    if (chain.stages.empty()) return refuse(0, "is scored itself");
    return chain;
  }

 private:
  const Layer& layer_at(int i) const { return model_.layers()[static_cast<size_t>(i)]; }
  const Parameter& parameter_at(int i) const { return model_.parameters()[static_cast<size_t>(i)]; }
  bool has_bits(int parameter) const { return has_bits_[static_cast<size_t>(parameter)]; }

  FusedChain refuse(int layer, const std::string& reason) const {
    FusedChain chain;
    chain.refusal = "layer \"" + layer_at(layer).name + "\" " + reason;
    return chain;
  }

  bool fits_a_byte(int layer) const { return fits_byte(model_.type(layer)); }

  bool fits_planes(int layer) const {
    const TensorType& type = model_.type(layer);
    return type.low >= INT16_MIN && type.high <= INT16_MAX;
  }

  /// Why a stage cannot begin with this layer.
  std::string why_not(int index, int input) const {
    const Layer& layer = layer_at(index);
    if (layer.kind != LayerKind::dense && layer.kind != LayerKind::conv2d)
      return "is neither dense nor conv2d";
    if (layer.groups != 1) return "has groups";
    if (input == 0 && !fits_a_byte(input)) return "reads inputs of more than 8 bits";
    if (model_.type(index).needs_64_bits()) return "has sums of more than 32 bits";
    for (int i : {layer.kernel, layer.bias}) {
      if (i < 0) continue;
      if (users_[static_cast<size_t>(i)] > 1) return "shares a parameter";
      // A flip must be an exclusive or of operands, whatever other bits flip.
      if (!has_bits(i)) continue;
      const Parameter& parameter = parameter_at(i);
      if (parameter.zero_point != 0) return "has a parameter with a zero point";
      if (parameter.bipolar && (i == layer.bias || !parameter.pruned.empty()))
        return "has a bipolar bias or pruned bipolar operands";
    }
    const Parameter& kernel = parameter_at(layer.kernel);
    bool fits = true;
    if (has_bits(layer.kernel) && !kernel.bipolar)
      fits = kernel.format.min_code() >= -128 && kernel.format.max_code() <= 127;
    for (int32_t code : kernel.codes) {
      int32_t operand = kernel.operand(code);
      fits = fits && operand >= -128 && operand <= 127;
    }
    return fits ? "" : "has operands of more than 8 bits";
  }

  void take_affine(ChainStage& stage, int& at) const {
    int next = readers_.of(at);
    if (next < 0 || layer_at(next).kind != LayerKind::affine) return;
    const Layer& layer = layer_at(next);
    for (int i : {layer.scale, layer.shift}) {
      if (i < 0) continue;
      const Parameter& parameter = parameter_at(i);
      if (users_[static_cast<size_t>(i)] > 1) return;
      if (has_bits(i) && (parameter.zero_point != 0 || parameter.bipolar)) return;
    }
    // A reshape may stand between: then its channels are not the stage's.
    if (model_.type(layer.inputs[0]).shape.back() != stage.out_image[2]) return;
    // What products are multiplied by must fit 32 bits.
    const int shift =
        sums_alignment(model_, stage.layer).first_shift + affine_alignment(model_, next).first_shift;
    if (shift > 30 || parameter_at(layer.scale).max_magnitude() > INT32_MAX >> shift) return;
    stage.affine = next;
    at = next;
  }

  void take_pool(ChainStage& stage, int& at) const {
    int next = readers_.of(at);
    if (next < 0 || stage.pools || layer_at(next).kind != LayerKind::max_pool) return;
    const Window& window = layer_at(next).window;
    if (window.height != 2 || window.width != 2 || !tiles_the_image(window) ||
        model_.type(layer_at(next).inputs[0]).shape != stage.out_image)
      return;
    stage.pools = true;
    stage.pools_scaled = stage.affine >= 0;
    at = next;
  }

  /// Rounding and saturating keep the order of codes, so a pool may come before or after.
  void take_activation(ChainStage& stage, int& at) const {
    int next = readers_.of(at);
    if (next < 0 || layer_at(next).kind != LayerKind::activation) return;
    const TensorType& in = model_.type(layer_at(next).inputs[0]);
    core::Requantizer q = make_requantizer(layer_at(next), in);
    if (!q.is_plain()) return;
    const int64_t bound = model_.type(stage.affine >= 0 ? stage.affine : stage.layer).bound;
    stage.wide_finish = make_quick<int64_t>(q, bound);
    if (stage.affine >= 0 ? !stage.wide_finish : !fits_32_bits(q, in)) return;
    stage.finish = q;
    at = next;
  }

  const PlainNetwork& plain_;
  const Model& model_;
  SoleReaders readers_;
  std::vector<int> users_;      // per parameter, layers
  std::vector<bool> has_bits_;  // per parameter
};

}  // namespace

bool FusedChain::has_planes() const {
  return std::any_of(stages.begin(), stages.end(), [](const ChainStage& stage) { return stage.puts_planes; });
}

FusedChain find_fused_chain(const PlainNetwork& plain, const BitSpace& space) {
  return ChainFinder(plain, space).find();
}

}  // namespace netsurf
