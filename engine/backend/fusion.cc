#include "engine/backend/fusion.h"

#include <cmath>

#include "engine/backend/requantizer.h"

namespace netsurf {
namespace {

bool shares_buffer(LayerKind kind) {
  return kind == LayerKind::flatten || kind == LayerKind::reshape || kind == LayerKind::softmax;
}

/// Whether doubles hold what a requantizer computes of codes up to `bound`, and 31 bits its codes before they
/// are saturated.
bool fits_doubles(const core::Requantizer& q, int64_t bound) {
  constexpr double kExact = 0x1p51, kMostCode = 0x1p30;
  double largest =
      std::ldexp(static_cast<double>(bound) + std::fabs(static_cast<double>(q.offset)), q.left_shift);
  return largest <= kExact && std::ldexp(largest, -q.right_shift) <= kMostCode;
}

/// Follows the codes of one layer from reader to reader.
class FusionFinder {
 public:
  FusionFinder(const PlainNetwork& plain, const SoleReaders& readers, int sums)
      : model_(plain.model()), readers_(readers), next_(readers.of(sums)) {
    // Pixels and channels as the sums have them, whatever reshapes follow.
    fusion_.image = model_.type(sums).shape;
  }

  Fusion find() {
    take_pool();
    take_affine();
    take_pool();
    if (!take_activation()) return {};
    take_pool();
    if (next_ >= 0 && layer().kind == LayerKind::activation && !take_second_activation()) return {};
    take_pool();
    if (next_ < 0 || !can_pack(model_, next_)) return {};
    if (layer().kind != LayerKind::dense && in_type().shape != fusion_.image) return {};
    if (!finish_fits()) return {};
    fusion_.reader = next_;
    return fusion_;
  }

 private:
  const Layer& layer() const { return model_.layers()[static_cast<size_t>(next_)]; }
  const TensorType& in_type() const { return model_.type(layer().inputs[0]); }
  void take() {
    fusion_.layers.push_back(next_);
    next_ = readers_.of(next_);
  }

  /// Rounding and saturating keep the order of codes, and so does a factor unless it is below zero, where it
  /// turns it around: the code of a pool's largest is that of the largest (or smallest) sum.
  void take_pool() {
    if (pools_ || next_ < 0 || layer().kind != LayerKind::max_pool || !tiles_the_image(layer().window) ||
        in_type().shape != fusion_.image)
      return;
    pools_ = true;
    fusion_.pool = {layer().window.height, layer().window.width};
    fusion_.pools_after_affine = fusion_.affine >= 0;
    fusion_.image = model_.type(next_).shape;
    take();
  }

  void take_affine() {
    if (next_ < 0 || layer().kind != LayerKind::affine || in_type().shape != fusion_.image) return;
    fusion_.affine = next_;
    take();
  }

  bool take_activation() {
    if (next_ < 0 || layer().kind != LayerKind::activation) return false;
    activation_ = next_;
    fusion_.requantizer = make_requantizer(layer(), in_type());
    take();
    return fusion_.requantizer.is_plain();
  }

  bool take_second_activation() {
    core::Requantizer second = make_requantizer(layer(), in_type());
    if (!second.is_plain()) return false;
    std::optional<core::QuickRequantizer> quick = make_quick<int32_t>(second, in_type().bound);
    if (!quick) return false;
    fusion_.step = {quick->offset, quick->shift, quick->low, quick->high};
    take();
    return true;
  }

  bool finish_fits() const {
    const TensorType& in = model_.type(model_.layers()[static_cast<size_t>(activation_)].inputs[0]);
    return fusion_.is_scaled() ? fits_doubles(fusion_.requantizer, in.bound)
                               : fits_32_bits(fusion_.requantizer, in);
  }

  const Model& model_;
  const SoleReaders& readers_;
  int next_;
  int activation_ = -1;
  bool pools_ = false;
  Fusion fusion_;
};

}  // namespace

bool tiles_the_image(const Window& w) {
  return w.stride_y == w.height && w.stride_x == w.width && w.dilation_y == 1 && w.dilation_x == 1 &&
         w.pad_top == 0 && w.pad_left == 0 && w.pad_bottom == 0 && w.pad_right == 0;
}

SoleReaders::SoleReaders(const PlainNetwork& plain) : plain_(plain) {
  const std::vector<Layer>& layers = plain.model().layers();
  readers_.resize(layers.size());
  for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
    const Layer& layer = layers[static_cast<size_t>(i)];
    if (shares_buffer(layer.kind)) continue;
    for (int input : layer.inputs) readers_[static_cast<size_t>(plain.buffer_of(input))].push_back(i);
  }
}

int SoleReaders::of(int layer) const {
  const std::vector<int>& readers = readers_[static_cast<size_t>(plain_.buffer_of(layer))];
  return readers.size() == 1 ? readers[0] : -1;
}

std::vector<Fusion> find_fusions(const PlainNetwork& plain) {
  SoleReaders readers(plain);
  std::vector<Fusion> fusions(plain.model().layers().size());
  for (int i = 0; i < static_cast<int>(fusions.size()); ++i) {
    if (can_pack(plain.model(), i)) fusions[static_cast<size_t>(i)] = FusionFinder(plain, readers, i).find();
  }
  return fusions;
}

}  // namespace netsurf
