#include "engine/backend/cuda/layer_plan.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/backend/cuda/layer_facts.h"
#include "engine/backend/requantizer.h"
#include "engine/base/error.h"
#include "kernels/cuda/error.h"
#include "kernels/cuda/layer_run.h"
#include "kernels/cuda/layer_visit.h"

namespace netsurf {
namespace {

constexpr int64_t kMaxParameters = int64_t{1} << 30;  // a patch finds its byte by 32 bits
constexpr uint64_t kAlignment = sizeof(int64_t);      // of buffers, whatever the lanes and samples
/// Samples of a lane below which weights are read for too few products, and above which whole columns fit.
constexpr int64_t kColumnSamples = cuda::kTileSamples * cuda::kColumnStep;
constexpr int64_t kTransposed = 32;  // samples at once: their lines stay in cache

/// Output sizes alone are not set.
cuda::WindowShape window_shape(const Window& w, const Shape& in) {
  cuda::WindowShape shape;
  shape.in_height = in[0];
  shape.in_width = in[1];
  shape.channels = in[2];
  shape.height = w.height;
  shape.width = w.width;
  shape.stride_y = w.stride_y;
  shape.stride_x = w.stride_x;
  shape.dilation_y = w.dilation_y;
  shape.dilation_x = w.dilation_x;
  shape.pad_top = w.pad_top;
  shape.pad_left = w.pad_left;
  return shape;
}

/// Whether every operand is an int8, whatever bits flip.
bool has_byte_operands(const Parameter& parameter) {
  auto fits = [](int64_t operand) { return operand >= INT8_MIN && operand <= INT8_MAX; };
  if (parameter.bipolar) return true;
  if (parameter.constant)
    return std::all_of(parameter.codes.begin(), parameter.codes.end(),
                       [&](int32_t code) { return fits(parameter.operand(code)); });
  return fits(parameter.format.min_code() - parameter.zero_point) &&
         fits(parameter.format.max_code() - parameter.zero_point);
}

/// Whether it reads codes, and does not only share its input's buffer.
bool reads(const Layer& layer) {
  return layer.kind != LayerKind::flatten && layer.kind != LayerKind::reshape &&
         layer.kind != LayerKind::softmax;
}

}  // namespace

ChunkSizes chunk_sizes(int num_lanes, int64_t num_samples, uint64_t live_bytes, uint64_t budget) {
  if (live_bytes > budget) {
    throw cuda::OutOfMemory("one sample of one trial takes " + std::to_string(live_bytes) +
                            " bytes between layers, of " + std::to_string(budget));
  }
  constexpr uint64_t kMost = std::numeric_limits<int32_t>::max();
  auto fitting = static_cast<int64_t>(live_bytes == 0 ? kMost : std::min(kMost, budget / live_bytes));
  int64_t wanted = std::min(num_samples, kColumnSamples);
  int64_t lanes = std::clamp<int64_t>(fitting / wanted, 1, num_lanes);
  int64_t samples = std::min(num_samples, fitting / lanes);
  if (samples < num_samples && samples > kColumnSamples) samples -= samples % kColumnSamples;
  return {static_cast<int>(lanes), static_cast<int>(samples)};
}

std::vector<int32_t> side_by_side(const EvaluationSet& set) {
  std::vector<int32_t> codes(set.codes.size());
  for (int64_t begin = 0; begin < set.count; begin += kTransposed) {
    int64_t end = std::min(set.count, begin + kTransposed);
    for (int64_t i = 0; i < set.sample_size; ++i) {
      for (int64_t sample = begin; sample < end; ++sample)
        codes[static_cast<size_t>(i * set.count + sample)] =
            set.codes[static_cast<size_t>(sample * set.sample_size + i)];
    }
  }
  return codes;
}

LayerPlan::LayerPlan(const PlainNetwork& network) : network_(network) {
  add_parameters();
  num_readers_.resize(model().layers().size());
  for (const Layer& layer : model().layers()) {
    for (int input : layer.inputs)
      num_readers_[static_cast<size_t>(network_.buffer_of(input))] += reads(layer) ? 1 : 0;
  }
  ++num_readers_[static_cast<size_t>(network_.scored_buffer())];
  for (int i = 0; i < static_cast<int>(model().layers().size()); ++i) add_steps(i);
  place_buffers();
}

void LayerPlan::add_parameters() {
  int64_t total = 0;
  for (const Parameter& parameter : model().parameters()) {
    auto size = static_cast<int64_t>(parameter.codes.size());
    first_words_.push_back(total);
    if (parameter.bipolar) coded_.push_back({total, size, 2, 1});
    if (parameter.zero_point != 0) coded_.push_back({total, size, 1, parameter.zero_point});
    total += size;
  }
  total = (total / cuda::kImageWordsUnit + 1) * cuda::kImageWordsUnit;  // never empty, without parameters too
  if (total >= kMaxParameters) {
    throw InputError("the model has " + std::to_string(total) +
                     " parameters; the CUDA backend takes fewer than 2^30");
  }
  image_.reserve(static_cast<size_t>(total));
  for (const Parameter& parameter : model().parameters())
    image_.insert(image_.end(), parameter.codes.begin(), parameter.codes.end());
  image_.resize(static_cast<size_t>(total));
}

std::vector<cuda::PatchSegment> LayerPlan::segments(const BitSpace& space) const {
  std::vector<cuda::PatchSegment> segments;
  for (const BitSpace::Segment& of_space : space.segments()) {
    auto index = static_cast<size_t>(of_space.parameter);
    const Format& format = model().parameters()[index].format;
    cuda::PatchSegment segment;
    segment.begin = of_space.begin;
    segment.end = of_space.end;
    segment.bits = of_space.bits;
    segment.first_place = static_cast<uint32_t>(first_words_[index] * int64_t{sizeof(uint32_t)});
    for (int bit = 0; bit < of_space.bits; ++bit) segment.masks[bit] = uint32_t{1} << bit;
    // The sign stands in all bits from its own on.
    if (format.is_signed) segment.masks[of_space.bits - 1] = ~uint32_t{0} << (of_space.bits - 1);
    segments.push_back(segment);
  }
  return segments;
}

int64_t LayerPlan::first_word(int parameter) const {
  return parameter < 0 ? cuda::kNoOperands : first_words_[static_cast<size_t>(parameter)];
}

int LayerPlan::shift_within(int layer, int shift) const {
  return std::min(shift, network_.is_wide(layer) ? 63 : 31);
}

void LayerPlan::add(int layer, int input, cuda::LayerOp op) {
  steps_.push_back({op, network_.buffer_of(input), layer});
}

void LayerPlan::add_steps(int index) {
  const Layer& layer = model().layers()[static_cast<size_t>(index)];
  switch (layer.kind) {
    case LayerKind::input:
    case LayerKind::flatten:
    case LayerKind::reshape:
    case LayerKind::softmax:
      break;
    case LayerKind::dense:
    case LayerKind::conv2d:
    case LayerKind::conv2d_transpose:
      return add_sums(index);
    case LayerKind::max_pool:
    case LayerKind::average_pool:
    case LayerKind::global_average_pool:
    case LayerKind::sum_pool:
    case LayerKind::upsample:
      return add_window(index);
    case LayerKind::threshold:
      return add_threshold(index);
    case LayerKind::affine:
      return add_affine(index);
    case LayerKind::add:
    case LayerKind::concatenate:
      return add_join(index);
    case LayerKind::activation:
      return add_activation(index);
  }
}

void LayerPlan::add_sums(int index) {
  const Layer& layer = model().layers()[static_cast<size_t>(index)];
  const TensorType& in = model().type(layer.inputs[0]);
  const Shape& out = model().type(index).shape;
  const Parameter& kernel = model().parameters()[static_cast<size_t>(layer.kernel)];
  const Alignment alignment = sums_alignment(model(), index);
  cuda::SumsOp op;
  if (layer.kind == LayerKind::dense) {
    op.window.channels = in.shape[0];
  } else {
    op.window = window_shape(layer.window, in.shape);
    op.window.out_height = out[0];
    op.window.out_width = out[1];
    op.window.is_transposed = layer.kind == LayerKind::conv2d_transpose;
  }
  op.num_groups = layer.groups;
  op.group_channels = kernel.shape.back();
  op.group_outputs = kernel.shape[0] / layer.groups;
  op.kernel_stride = num_elements(kernel.shape) / kernel.shape[0];
  op.kernel = first_word(layer.kernel);
  op.bias = first_word(layer.bias);
  op.wide_sums = network_.is_wide(index);
  op.product_shift = shift_within(index, alignment.first_shift);
  op.bias_shift = shift_within(index, alignment.second_shift);
  op.reads_signed = in.low < 0;
  op.takes_bytes = layer.groups == 1 && !op.wide_sums && fits_byte(in) && has_byte_operands(kernel);
  add(index, layer.inputs[0], op);
}

void LayerPlan::add_activation(int index) {
  const Layer& layer = model().layers()[static_cast<size_t>(index)];
  const TensorType& in = model().type(layer.inputs[0]);
  cuda::RequantizeOp op;
  op.num_elements = static_cast<int>(in.elements());
  op.requantizer = make_requantizer(layer, in);
  op.narrow_steps = fits_32_bits(op.requantizer, in);
  int from = network_.buffer_of(layer.inputs[0]);
  auto writer = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) { return step.to == from; });
  auto* sums = writer == steps_.end() ? nullptr : std::get_if<cuda::SumsOp>(&writer->op);
  bool joins = sums != nullptr && !sums->requantizes && num_readers_[static_cast<size_t>(from)] == 1 &&
               op.requantizer.is_plain() && (sums->wide_sums || op.narrow_steps);
  if (!joins) return add(index, layer.inputs[0], op);
  sums->requantizes = true;
  sums->requantizer = op.requantizer;
  writer->to = index;
}

void LayerPlan::add_affine(int index) {
  const Layer& layer = model().layers()[static_cast<size_t>(index)];
  const TensorType& in = model().type(layer.inputs[0]);
  const Alignment alignment = affine_alignment(model(), index);
  cuda::AffineOp op;
  op.num_elements = static_cast<int>(in.elements());
  op.num_channels = in.shape.back();
  op.scale = first_word(layer.scale);
  op.shift = first_word(layer.shift);
  op.product_shift = shift_within(index, alignment.first_shift);
  op.shift_shift = shift_within(index, alignment.second_shift);
  add(index, layer.inputs[0], op);
}

void LayerPlan::add_threshold(int index) {
  const Layer& layer = model().layers()[static_cast<size_t>(index)];
  const TensorType& in = model().type(layer.inputs[0]);
  const Shape& rows = model().parameters()[static_cast<size_t>(layer.thresholds)].shape;
  cuda::ThresholdOp op;
  op.num_elements = static_cast<int>(in.elements());
  op.num_channels = in.shape.back();
  op.num_thresholds = rows[1];
  op.is_shared = rows[0] == 1;
  op.thresholds = first_word(layer.thresholds);
  op.low = layer.low;
  op.step = (layer.high - layer.low) / rows[1];
  add(index, layer.inputs[0], op);
}

void LayerPlan::add_join(int index) {
  const Layer& layer = model().layers()[static_cast<size_t>(index)];
  const TensorType& out = model().type(index);
  bool adds = layer.kind == LayerKind::add;
  int begin = 0;
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    const TensorType& in = model().type(layer.inputs[i]);
    cuda::JoinOp op;
    op.num_elements = static_cast<int>(in.elements());
    op.num_channels = in.shape.back();
    op.y_channels = out.shape.back();
    op.y_begin = adds ? 0 : begin;
    op.left_shift = shift_within(index, out.frac_bits - in.frac_bits);
    op.adds = adds && i > 0;
    begin += op.num_channels;
    add(index, layer.inputs[i], op);
  }
}

void LayerPlan::add_window(int index) {
  const Layer& layer = model().layers()[static_cast<size_t>(index)];
  const Shape& in = model().type(layer.inputs[0]).shape;
  const Shape& out = model().type(index).shape;
  bool is_global = layer.kind == LayerKind::global_average_pool;
  cuda::PoolOp op;
  op.window = window_shape(is_global ? Window{.height = in[0], .width = in[1]} : layer.window, in);
  if (!is_global) {
    op.window.out_height = out[0];
    op.window.out_width = out[1];
  }
  if (layer.kind == LayerKind::upsample)
    return add(index, layer.inputs[0], cuda::UpsampleOp{{}, {}, op.window});
  bool averages = is_global || layer.kind == LayerKind::average_pool;
  op.kind = averages                            ? cuda::PoolKind::average
            : layer.kind == LayerKind::sum_pool ? cuda::PoolKind::sum
                                                : cuda::PoolKind::max;
  add(index, layer.inputs[0], op);
}

void LayerPlan::place_buffers() {
  size_t count = model().layers().size();
  buffers_.resize(count);
  std::vector<size_t> last_use(count,
                               0);  // step after which a buffer is free; one written and never read: its own
  for (size_t i = 0; i < steps_.size(); ++i) {
    last_use[static_cast<size_t>(steps_[i].from)] = i;
    last_use[static_cast<size_t>(steps_[i].to)] = i;
  }
  for (size_t layer = 0; layer < count; ++layer) {
    const TensorType& type = model().type(static_cast<int>(layer));
    if (type.elements() > INT32_MAX) {
      throw InputError("layer \"" + model().layers()[layer].name + "\" has " +
                       std::to_string(type.elements()) + " codes; the CUDA backend takes fewer than 2^31");
    }
    buffers_[layer] = {type.elements(), network_.is_wide(static_cast<int>(layer))};
  }
  std::vector<size_t> live;  // layers with a place, by offset
  for (size_t i = 0; i < steps_.size(); ++i) {
    auto to = static_cast<size_t>(steps_[i].to);
    Buffer& buffer = buffers_[to];
    if (buffer.bytes > 0) continue;  // an earlier step of the same layer
    std::erase_if(live, [&](size_t layer) { return last_use[layer] < i; });
    uint64_t bytes =
        static_cast<uint64_t>(buffer.elements) * (buffer.is_wide ? sizeof(int64_t) : sizeof(int32_t));
    buffer.bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    auto next = live.begin();  // the first gap that holds it, or the end
    for (; next != live.end() && buffers_[*next].offset < buffer.offset + buffer.bytes; ++next)
      buffer.offset = buffers_[*next].offset + buffers_[*next].bytes;
    live.insert(next, to);
    live_bytes_ = std::max(live_bytes_, buffer.offset + buffer.bytes);
  }
}

cuda::Codes LayerPlan::codes(int layer, const cuda::LaneChunk& chunk, const ChunkMemory& memory) const {
  auto index = static_cast<size_t>(network_.buffer_of(layer));
  // Nothing writes the input; descriptors have one kind of pointer.
  if (index == 0) return {const_cast<int32_t*>(memory.input), 0, memory.input_stride, false};
  const Buffer& buffer = buffers_[index];
  std::byte* data = memory.arena + buffer.offset * static_cast<uint64_t>(chunk.num_lanes) *
                                       static_cast<uint64_t>(chunk.num_samples);
  return {data, buffer.elements * chunk.num_samples, chunk.num_samples, buffer.is_wide};
}

std::vector<cuda::LayerOp> LayerPlan::ops(const cuda::LaneChunk& chunk, const ChunkMemory& memory) const {
  std::vector<cuda::LayerOp> ops;
  for (const Step& step : steps_) {
    ops.push_back(step.op);
    std::visit(
        [&](auto& op) {
          op.x = codes(step.from, chunk, memory);
          op.y = codes(step.to, chunk, memory);
        },
        ops.back());
  }
  return ops;
}

}  // namespace netsurf
