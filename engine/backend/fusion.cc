#include "engine/backend/fusion.h"

#include "engine/backend/requantizer.h"

namespace netsurf {
namespace {

bool shares_buffer(LayerKind kind) {
  return kind == LayerKind::flatten || kind == LayerKind::reshape || kind == LayerKind::softmax;
}

class FusionFinder {
 public:
  explicit FusionFinder(const PlainNetwork& plain) : model_(plain.model()), readers_(plain) {}

  Fusion find(int sums) const {
    Fusion fusion;
    int next = readers_.of(sums);
    bool pools = false;
    fusion.image =
        model_.type(sums).shape;  // pixels and channels as the sums have them, whatever reshapes follow
    auto take_pool = [&] {
      if (pools || next < 0 || layer(next).kind != LayerKind::max_pool ||
          !tiles_the_image(layer(next).window) || in_type(next).shape != fusion.image)
        return;
      pools = true;
      fusion.pool = {layer(next).window.height, layer(next).window.width};
      fusion.image = model_.type(next).shape;
      fusion.layers.push_back(next);
      next = readers_.of(next);
    };
    take_pool();
    if (next < 0 || layer(next).kind != LayerKind::activation) return {};
    // Rounding and saturating keep the order of codes, so the largest may be taken before them.
    fusion.requantizer = make_requantizer(layer(next), in_type(next));
    if (!fusion.requantizer.is_plain() || !fits_32_bits(fusion.requantizer, in_type(next))) return {};
    fusion.layers.push_back(next);
    next = readers_.of(next);
    take_pool();
    if (next < 0 || !can_pack(model_, next)) return {};
    if (layer(next).kind != LayerKind::dense && in_type(next).shape != fusion.image) return {};
    fusion.reader = next;
    return fusion;
  }

 private:
  const Layer& layer(int i) const { return model_.layers()[static_cast<size_t>(i)]; }

  const TensorType& in_type(int i) const { return model_.type(layer(i).inputs[0]); }

  const Model& model_;
  SoleReaders readers_;
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
  FusionFinder finder(plain);
  std::vector<Fusion> fusions(plain.model().layers().size());
  for (int i = 0; i < static_cast<int>(fusions.size()); ++i) {
    if (can_pack(plain.model(), i)) fusions[static_cast<size_t>(i)] = finder.find(i);
  }
  return fusions;
}

}  // namespace netsurf
