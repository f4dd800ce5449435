#include "engine/backend/cuda/fused_image.h"

namespace netsurf {
namespace {

/// What a bit of a kernel's operand inverts: a byte's bits from the sign's on are all its sign.
uint32_t operand_mask(const Parameter& parameter, int bit) {
  if (parameter.bipolar) return 0xFE;  // 1 and -1
  const bool is_sign = parameter.format.is_signed && bit == parameter.format.bits - 1;
  return is_sign ? 0xFF & ~uint32_t{0} << bit : uint32_t{1} << bit;
}

}  // namespace

FusedImage::FusedImage(const PlainNetwork& plain, const FusedChain& chain,
                       const std::vector<SlotLayout>& slots, const cuda::FusedNetwork& network)
    : plain_(plain), model_(plain.model()), chain_(chain), slots_(slots), network_(network) {}

const Layer& FusedImage::layer_of(size_t i) const {
  return model_.layers()[static_cast<size_t>(chain_.stages[i].layer)];
}

std::vector<FusedImage::Words> FusedImage::words_of(size_t i) const {
  const cuda::FusedStage& stage = network_.stages[i];
  std::vector<Words> all = {{layer_of(i).bias, stage.bias, stage.bias_extension}};
  if (chain_.stages[i].affine >= 0) {
    const Layer& affine = model_.layers()[static_cast<size_t>(chain_.stages[i].affine)];
    all.push_back({affine.scale, stage.scale, stage.scale_extension});
    all.push_back({affine.shift, stage.shift, stage.shift_extension});
  }
  return all;
}

/// Bytes of the kernel row that an operand of an output channel meets.
int FusedImage::place_in_row(size_t i, int64_t element) const {
  const SlotLayout& slot = slots_[i];
  const int64_t channels = slot.image[2], row = channels * layer_of(i).window.width;
  switch (slot.form) {
    case SlotForm::pixels:
      return static_cast<int>(element / channels * slot.pixel_bytes + element % channels);
    case SlotForm::windows:
      return static_cast<int>(element);
    case SlotForm::strips:
      return static_cast<int>(element / row * slot.pixel_bytes + element % row);
  }
  return 0;
}

/// Byte of the image that an element of a stage's kernel has.
uint32_t FusedImage::kernel_place(size_t i, size_t element) const {
  const cuda::FusedStage& stage = network_.stages[i];
  const Parameter& kernel = model_.parameters()[static_cast<size_t>(layer_of(i).kernel)];
  auto per_channel = static_cast<size_t>(num_elements(kernel.shape) / kernel.shape[0]);
  return static_cast<uint32_t>(stage.kernel + static_cast<int>(element / per_channel) * stage.kernel_stride +
                               place_in_row(i, static_cast<int64_t>(element % per_channel)));
}

std::vector<uint32_t> FusedImage::words(size_t num_words) const {
  const ParameterOperands operands = plain_.clean_parameters();
  std::vector<uint32_t> image(num_words);
  auto* bytes = reinterpret_cast<uint8_t*>(image.data());
  for (size_t i = 0; i < chain_.stages.size(); ++i) {
    const std::vector<int32_t>& kernel = operands[static_cast<size_t>(layer_of(i).kernel)];
    for (size_t e = 0; e < kernel.size(); ++e) bytes[kernel_place(i, e)] = static_cast<uint8_t>(kernel[e]);
    for (const Words& each : words_of(i)) {
      if (each.parameter < 0) continue;
      const std::vector<int32_t>& values = operands[static_cast<size_t>(each.parameter)];
      for (size_t c = 0; c < values.size(); ++c)
        image[static_cast<size_t>(each.first) + c] =
            static_cast<uint32_t>(values[c]) << each.extension >> each.extension;
    }
  }
  return image;
}

std::vector<FusedPlan::SegmentPlaces> FusedImage::segments(const BitSpace& space) const {
  std::vector<FusedPlan::SegmentPlaces> segments;
  for (const BitSpace::Segment& segment : space.segments()) {
    FusedPlan::SegmentPlaces places;
    const Parameter& parameter = model_.parameters()[static_cast<size_t>(segment.parameter)];
    for (size_t i = 0; i < chain_.stages.size(); ++i) {
      for (const Words& each : words_of(i)) {
        if (each.parameter == segment.parameter) places.first_place = static_cast<uint32_t>(4 * each.first);
      }
      if (layer_of(i).kernel != segment.parameter) continue;
      for (size_t e = 0; e < parameter.codes.size(); ++e) places.places.push_back(kernel_place(i, e));
    }
    for (int bit = 0; bit < parameter.format.bits; ++bit)
      places.masks[static_cast<size_t>(bit)] =
          places.places.empty() ? uint32_t{1} << bit : operand_mask(parameter, bit);
    segments.push_back(std::move(places));
  }
  return segments;
}

}  // namespace netsurf
