#include "engine/backend/packed_layer.h"

#include <algorithm>
#include <cstring>

#include "engine/model/exactness.h"

namespace netsurf {
namespace {

struct OperandRange {
  int64_t low = 0, high = 0;  // 0 always counts: padding and pruned operands are zeros
  bool fits(int bits) const {
    return low >= -(int64_t{1} << (bits - 1)) && high < (int64_t{1} << (bits - 1));
  }
};

/// A canvas may be so much larger than its image, or so large at least: wide padding is computed, not stored.
constexpr int64_t kMaxGrowth = 4, kSmallCanvas = 1 << 16;

bool canvas_is_small(const Layer& layer, const TensorType& in) {
  if (layer.kind != LayerKind::conv2d) return true;
  const Window& w = layer.window;
  int64_t height = int64_t{in.shape[0]} + w.pad_top + w.pad_bottom,
          width = int64_t{in.shape[1]} + w.pad_left + w.pad_right;
  // In doubles: no int64 need hold the product.
  double elements = static_cast<double>(height) * static_cast<double>(width) * in.shape[2];
  return elements <= static_cast<double>(std::max(kSmallCanvas, kMaxGrowth * in.elements()));
}

/// The operands that any pattern of the bits can mean; of a constant, its own.
OperandRange operand_range(const Parameter& parameter) {
  OperandRange range;
  auto add = [&](int64_t operand) {
    range.low = std::min(range.low, operand);
    range.high = std::max(range.high, operand);
  };
  if (parameter.constant) {
    for (int32_t code : parameter.codes) add(parameter.operand(code));
  } else if (parameter.bipolar) {
    add(-1);
    add(1);
  } else {
    add(parameter.format.min_code() - parameter.zero_point);
    add(parameter.format.max_code() - parameter.zero_point);
  }
  return range;
}

/// How products and bias come to one step.
Alignment alignment_of(const Model& model, const Layer& layer) {
  const std::vector<Parameter>& parameters = model.parameters();
  int products = model.type(layer.inputs[0]).frac_bits +
                 parameters[static_cast<size_t>(layer.kernel)].format.frac_bits();
  return align(products,
               layer.bias < 0 ? products : parameters[static_cast<size_t>(layer.bias)].format.frac_bits());
}

bool codes_fit_bytes(const TensorType& in) {
  return std::max<int64_t>(in.high, 0) - std::min<int64_t>(in.low, 0) <= 255;
}

cpu::Width width_of(const TensorType& in, const Parameter& kernel) {
  return codes_fit_bytes(in) && operand_range(kernel).fits(8) ? cpu::Width::bytes : cpu::Width::halves;
}

PackedInput start_input(const TensorType& in, cpu::Width width) {
  PackedInput input;
  input.width = width;
  if (width == cpu::Width::bytes) {
    if (in.low < 0) input.offset = static_cast<int32_t>(in.low);
    input.fill = (static_cast<uint32_t>(-input.offset) & 0xFF) * 0x01010101u;
  } else {
    if (in.high > INT16_MAX) input.offset = 1 << 15;
    input.fill = (static_cast<uint32_t>(-input.offset) & 0xFFFF) * 0x00010001u;
  }
  return input;
}

/// Words of one pixel of the plain layout: whole quads, since a quad of channels is written at once.
int pixel_words(int channels, cpu::Width width) {
  return (channels + cpu::kQuad - 1) / cpu::kQuad * (width == cpu::Width::bytes ? 1 : 2);
}

/// Size of the image and where it lies in its border of zeros.
struct Canvas {
  int in_height = 1, in_width = 1, channels = 1;
  int pad_top = 0, pad_left = 0;
  int height = 1, width = 1;  // with the border
};

/// Pixel by pixel: word (y, x) of the canvas starts at (y width + x) pixel_words.
void lay_out_pixels(const Canvas& canvas, PackedInput& input) {
  int per_word = cpu::codes_per_word(input.width), words = pixel_words(canvas.channels, input.width);
  input.num_words = canvas.height * canvas.width * words;
  for (int y = 0; y < canvas.in_height; ++y) {
    for (int x = 0; x < canvas.in_width; ++x) {
      int first = ((y + canvas.pad_top) * canvas.width + x + canvas.pad_left) * words;
      input.pixel_words.push_back(first);
      int element = (y * canvas.in_width + x) * canvas.channels;
      for (int c = 0; c < canvas.channels; c += per_word) {
        cpu::PackedWord word;
        word.word = first + c / per_word;
        for (int i = 0; i < per_word && c + i < canvas.channels; ++i)
          word.elements[static_cast<size_t>(i)] = element + c + i;
        input.words.push_back(word);
      }
    }
  }
}

/// Row by row of the kernel: for each row of the canvas and each output column, the window's codes of that
/// row without gaps, `row_words` words of them. Few channels waste no lanes then.
void lay_out_rows(const Canvas& canvas, const Window& w, int out_width, int row_words, PackedInput& input) {
  int per_word = cpu::codes_per_word(input.width), codes = w.width * canvas.channels;
  input.num_words = canvas.height * out_width * row_words;
  for (int y = 0; y < canvas.height; ++y) {
    for (int column = 0; column < out_width; ++column) {
      for (int k = 0; k < codes; k += per_word) {
        cpu::PackedWord word;
        word.word = (y * out_width + column) * row_words + k / per_word;
        for (int i = 0; i < per_word && k + i < codes; ++i) {
          int in_y = y - canvas.pad_top;
          int in_x = column * w.stride_x + (k + i) / canvas.channels * w.dilation_x - canvas.pad_left;
          bool inside = in_y >= 0 && in_y < canvas.in_height && in_x >= 0 && in_x < canvas.in_width;
          word.elements[static_cast<size_t>(i)] =
              inside ? (in_y * canvas.in_width + in_x) * canvas.channels + (k + i) % canvas.channels
                     : cpu::kNoElement;
        }
        input.words.push_back(word);
      }
    }
  }
}

/// Equal runs, each padded with zeros to a multiple of a chunk that wastes least.
void set_runs(PackedLayer& packed, const std::vector<int32_t>& firsts, int length) {
  int chunks = (length + cpu::kMatrixWords - 1) / cpu::kMatrixWords;
  int chunk = (length + chunks - 1) / chunks;
  int padded = chunks * chunk;
  packed.sums.chunk_words = chunk;
  packed.sums.row_words = static_cast<int>(firsts.size()) * padded;
  packed.input_words.assign(static_cast<size_t>(packed.sums.row_words), -1);
  for (size_t r = 0; r < firsts.size(); ++r) {
    cpu::Run run{firsts[r], static_cast<int32_t>(r) * padded, length};
    packed.runs.push_back(run);
    for (int i = 0; i < length; ++i) packed.input_words[static_cast<size_t>(run.kernel + i)] = run.x + i;
  }
}

/// Words of a pixel follow each other, from a multiple of their number on.
void set_pixel_words(PackedLayer& packed, int words) {
  for (int32_t word : packed.input_words) packed.pixel_word.push_back(word < 0 ? -1 : word % words);
}

void lay_out_dense(PackedLayer& packed, const Shape& image) {
  Canvas canvas;
  if (image.size() == 3) {
    canvas.in_height = canvas.height = image[0];
    canvas.in_width = canvas.width = image[1];
  }
  canvas.channels = image.back();
  lay_out_pixels(canvas, packed.input);
  set_runs(packed, {0}, packed.input.num_words);
  set_pixel_words(packed, pixel_words(canvas.channels, packed.input.width));
  packed.pixels = {0};
  int per_word = cpu::codes_per_word(packed.input.width);
  for (int32_t first : packed.input.pixel_words) {
    for (int c = 0; c < canvas.channels; ++c) packed.places.push_back({first + c / per_word, c % per_word});
  }
}

/// Output pixels (row, column) in the order of the pool's windows; those that no window covers are left out.
template <typename Use>
void for_pooled_pixels(const Shape& out, PackedPool pool, Use use) {
  for (int row = 0; row < out[0] / pool.height; ++row) {
    for (int column = 0; column < out[1] / pool.width; ++column) {
      for (int i = 0; i < pool.height; ++i) {
        for (int j = 0; j < pool.width; ++j) use(row * pool.height + i, column * pool.width + j);
      }
    }
  }
}

void lay_out_conv(PackedLayer& packed, const Window& w, const Shape& in, const Shape& out, bool overlaps,
                  PackedPool pool) {
  Canvas canvas{in[0],
                in[1],
                in[2],
                w.pad_top,
                w.pad_left,
                in[0] + w.pad_top + w.pad_bottom,
                in[1] + w.pad_left + w.pad_right};
  int per_word = cpu::codes_per_word(packed.input.width);
  int words = pixel_words(canvas.channels, packed.input.width);
  int row_words = (w.width * canvas.channels + per_word - 1) / per_word;
  if (overlaps && row_words < w.width * words) {
    lay_out_rows(canvas, w, out[1], row_words, packed.input);
    std::vector<int32_t> firsts;
    for (int i = 0; i < w.height; ++i) firsts.push_back(i * w.dilation_y * out[1] * row_words);
    set_runs(packed, firsts, row_words);
    for (int i = 0; i < w.height; ++i) {
      for (int k = 0; k < w.width * canvas.channels; ++k) {
        int first = packed.runs[static_cast<size_t>(i)].kernel;
        packed.places.push_back({first + k / per_word, k % per_word});
      }
    }
    for_pooled_pixels(out, pool, [&](int row, int column) {
      packed.pixels.push_back((row * w.stride_y * out[1] + column) * row_words);
    });
    return;
  }
  lay_out_pixels(canvas, packed.input);
  bool touch = w.dilation_x == 1;
  std::vector<int32_t> firsts;
  for (int i = 0; i < w.height; ++i) {
    for (int j = 0; j < (touch ? 1 : w.width); ++j)
      firsts.push_back((i * w.dilation_y * canvas.width + j * w.dilation_x) * words);
  }
  set_runs(packed, firsts, touch ? w.width * words : words);
  set_pixel_words(packed, words);
  for (int i = 0; i < w.height; ++i) {
    for (int j = 0; j < w.width; ++j) {
      int first = touch ? packed.runs[static_cast<size_t>(i)].kernel + j * words
                        : packed.runs[static_cast<size_t>(i * w.width + j)].kernel;
      for (int c = 0; c < canvas.channels; ++c) packed.places.push_back({first + c / per_word, c % per_word});
    }
  }
  for_pooled_pixels(out, pool, [&](int row, int column) {
    packed.pixels.push_back((row * w.stride_y * canvas.width + column * w.stride_x) * words);
  });
}

void set_clean_rows(PackedLayer& packed, const std::vector<std::vector<int32_t>>& operands) {
  packed.rows.assign(static_cast<size_t>(packed.num_rows() * packed.row_bytes()), 0);
  packed.start.assign(static_cast<size_t>(packed.num_rows()), 0);
  const std::vector<int32_t>& kernel = operands[static_cast<size_t>(packed.kernel)];
  auto row_size = static_cast<int64_t>(packed.places.size());
  for (int o = 0; o < packed.sums.num_outputs; ++o) {
    int8_t* row = packed.rows.data() + o * packed.row_bytes();
    uint32_t start = 0;
    if (packed.bias >= 0) {
      auto bias = static_cast<uint32_t>(operands[static_cast<size_t>(packed.bias)][static_cast<size_t>(o)]);
      start = bias << packed.bias_shift;
    }
    for (int64_t i = 0; i < row_size; ++i) {
      int32_t operand = kernel[static_cast<size_t>(o * row_size + i)];
      packed.place(row, i, operand);
      start += packed.start_change(operand);
    }
    packed.start[static_cast<size_t>(o)] = static_cast<int32_t>(start);
  }
  for (int quad = 0; quad < packed.num_quads(); ++quad) {
    packed.quads.push_back({quad, packed.rows.data() + quad * cpu::kQuad * packed.row_bytes(),
                            packed.start.data() + quad * cpu::kQuad, nullptr});
  }
}

}  // namespace

void PackedLayer::place(int8_t* row, int64_t operand, int32_t value) const {
  const OperandPlace& at = places[static_cast<size_t>(operand)];
  if (input.width == cpu::Width::bytes) {
    row[at.word * 4 + at.lane] = static_cast<int8_t>(value);
  } else {
    auto half = static_cast<int16_t>(value);
    std::memcpy(row + at.word * 4 + at.lane * 2, &half, sizeof half);
  }
}

bool can_pack(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  if (layer.kind != LayerKind::dense && layer.kind != LayerKind::conv2d) return false;
  Alignment alignment = alignment_of(model, layer);
  return layer.groups == 1 && canvas_is_small(layer, model.type(layer.inputs[0])) &&
         !model.type(index).needs_64_bits() && alignment.first_shift < 32 && alignment.second_shift < 32 &&
         operand_range(model.parameters()[static_cast<size_t>(layer.kernel)]).fits(16);
}

std::unique_ptr<PackedLayer> make_packed_layer(const Model& model, int index, const Shape& image,
                                               bool overlaps, PackedPool pool,
                                               const std::vector<std::vector<int32_t>>& operands) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  const TensorType& in = model.type(layer.inputs[0]);
  const Parameter& kernel = model.parameters()[static_cast<size_t>(layer.kernel)];
  Alignment alignment = alignment_of(model, layer);
  auto packed = std::make_unique<PackedLayer>();
  packed->layer = index;
  packed->kernel = layer.kernel;
  packed->bias = layer.bias;
  packed->bias_shift = alignment.second_shift;
  packed->input = start_input(in, width_of(in, kernel));
  OperandRange range = operand_range(kernel);
  cpu::PackedSums& sums = packed->sums;
  sums.width = packed->input.width;
  sums.num_outputs = kernel.shape[0];
  sums.product_shift = alignment.first_shift;
  sums.max_operand = static_cast<int32_t>(std::max(range.high, -range.low));
  sums.max_code =
      static_cast<int32_t>(std::max(std::abs(std::max<int64_t>(in.high, 0) - packed->input.offset),
                                    std::abs(std::min<int64_t>(in.low, 0) - packed->input.offset)));
  if (layer.kind == LayerKind::dense) {
    lay_out_dense(*packed, image);
  } else {
    lay_out_conv(*packed, layer.window, in.shape, model.type(index).shape, overlaps, pool);
  }
  sums.pixels = packed->pixels;
  sums.runs = packed->runs;
  set_clean_rows(*packed, operands);
  return packed;
}

}  // namespace netsurf
