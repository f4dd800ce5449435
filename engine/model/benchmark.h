// A benchmark: a data set, a trainable network and how to train it. Read from a text file
// (models/benchmark_file.h), turned into a frozen Model by engine/train.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/dataset.h"
#include "engine/model/format.h"
#include "engine/model/layer.h"

namespace netsurf {

/// What a person writes as `layer <kind> ...`. Richer than LayerKind: dropout, batch_norm and alpha exist in
/// training only.
enum class SpecKind : uint8_t {
  dense,                // units, bias
  conv2d,               // filters, kernel, stride, dilation, padding, groups, bias
  depthwise_conv2d,     // kernel, stride, dilation, padding, bias: one filter per input channel
  max_pool,             // kernel, stride (default: kernel), padding
  average_pool,         // as max_pool
  global_average_pool,  // [h, w, c] -> [c]
  alpha,                // trainable scale and shift per channel; frozen as affine
  batch_norm,           // batch normalization; frozen as affine, or folded into the layer before it
  relu,                 // unsigned q<m,n,0>
  bits,                 // signed q<m,n,1>: rounds and saturates only
  tanh,                 // hard tanh to q<m,0,1>
  hard_sigmoid,         // to q<m,0,0>
  add,                  // from=a,b
  concatenate,          // from=a,b
  flatten,
  reshape,  // shape
  dropout,  // rate; training only
  softmax,  // last layer of a classifier
};

struct SpecKindRow {
  SpecKind kind;
  std::string_view name;
  std::string_view attributes;  // space-separated words a file may give besides name and from
};

inline constexpr std::array kSpecKinds = {
    SpecKindRow{SpecKind::dense, "dense", "units bias l1 l2 format"},
    SpecKindRow{SpecKind::conv2d, "conv2d",
                "filters kernel stride dilation padding groups bias l1 l2 format"},
    SpecKindRow{SpecKind::depthwise_conv2d, "depthwise_conv2d",
                "kernel stride dilation padding bias l1 l2 format"},
    SpecKindRow{SpecKind::max_pool, "max_pool", "kernel stride padding"},
    SpecKindRow{SpecKind::average_pool, "average_pool", "kernel stride padding"},
    SpecKindRow{SpecKind::global_average_pool, "global_average_pool", ""},
    SpecKindRow{SpecKind::alpha, "alpha", ""},
    SpecKindRow{SpecKind::batch_norm, "batch_norm", ""},
    SpecKindRow{SpecKind::relu, "relu", "format"},
    SpecKindRow{SpecKind::bits, "bits", "format"},
    SpecKindRow{SpecKind::tanh, "tanh", "format"},
    SpecKindRow{SpecKind::hard_sigmoid, "hard_sigmoid", "format"},
    SpecKindRow{SpecKind::add, "add", ""},
    SpecKindRow{SpecKind::concatenate, "concatenate", ""},
    SpecKindRow{SpecKind::flatten, "flatten", ""},
    SpecKindRow{SpecKind::reshape, "reshape", "shape"},
    SpecKindRow{SpecKind::dropout, "dropout", "rate"},
    SpecKindRow{SpecKind::softmax, "softmax", ""},
};

inline std::string_view name_of(SpecKind kind) { return kSpecKinds[static_cast<size_t>(kind)].name; }

inline constexpr int kNetworkInput = -1;  // as an input of a LayerSpec: the network's input

/// One `layer` line.
struct LayerSpec {
  std::string name;
  SpecKind kind = SpecKind::dense;
  std::vector<int> inputs;  // earlier layers, or kNetworkInput
  int units = 0;            // dense; conv2d: filters
  Window window;            // kernel, stride and dilation; padding is resolved by `resolve_window`
  bool same_padding = false;
  int groups = 1;
  bool has_bias = true;
  double l1 = 0, l2 = 0;         // added to the loss: l1 |w| + l2 w^2, summed over the kernel
  double rate = 0;               // dropout: share of elements set to zero
  Shape shape;                   // reshape
  std::optional<Format> format;  // of the kernel or of the activation's output, in place of the scheme's
};

enum class LossKind : uint8_t { cross_entropy, mean_squared_error };
enum class OptimizerKind : uint8_t { adam, sgd };
enum class BatchNormMode : uint8_t { affine, fold };
enum class Decay : uint8_t { none, cosine };  // of the learning rate over the whole run, down to 0
enum class Monitor : uint8_t {
  loss,
  accuracy
};  // what early stopping and the plateau rule watch, on validation

inline constexpr std::array<std::string_view, 2> kLossNames = {"cross_entropy", "mean_squared_error"};
inline constexpr std::array<std::string_view, 2> kOptimizerNames = {"adam", "sgd"};
inline constexpr std::array<std::string_view, 2> kBatchNormNames = {"affine", "fold"};
inline constexpr std::array<std::string_view, 2> kDecayNames = {"none", "cosine"};
inline constexpr std::array<std::string_view, 2> kMonitorNames = {"loss", "accuracy"};
inline constexpr std::array<std::string_view, 4> kTaskNames = {"classification", "regression",
                                                               "reconstruction", "comparison"};

struct Benchmark {
  std::string name;
  std::string dataset;
  Task task = Task::classification;
  double input_scale = 1, input_offset = 0;  // what the network sees: raw value x scale + offset
  Format input_format{8, 0, false};
  Shape input_shape;
  Format quantization{6, 0,
                      true};      // the scheme of kernels and activations unless the person asks for another
  std::vector<LayerSpec> layers;  // topological order, the last is the output

  LossKind loss = LossKind::cross_entropy;
  OptimizerKind optimizer = OptimizerKind::adam;
  double learning_rate = 1e-3;
  double momentum = 0.9;  // sgd
  Decay decay = Decay::none;
  double logit_scale =
      1;  // training's cross-entropy reads logits times this; narrow formats cannot spread logits far enough
  int batch_size = 64;
  int epochs = 10;
  BatchNormMode batch_norm = BatchNormMode::affine;

  Monitor monitor = Monitor::loss;
  int early_stopping =
      0;  // epochs without improvement before stopping; 0 = never. The best epoch is restored.
  int plateau_patience = 0;  // epochs without improvement before the learning rate falls; 0 = never
  double plateau_factor = 0.1;

  int prune_start = 2, prune_end = 10;  // epochs, counted from 0, of the first and the last pruning step
  int prune_frequency = 1;              // epochs between steps
};

/// The window with `same` padding worked out for this input [height, width, channels].
Window resolve_window(const LayerSpec& spec, const Shape& input);

/// The shape one layer puts out. Throws InputError saying what was found and expected when the inputs do not
/// fit.
Shape output_shape(const LayerSpec& spec, std::span<const Shape> inputs);

/// Output shapes of all layers. Throws InputError naming the layer.
std::vector<Shape> output_shapes(const Benchmark& benchmark);

/// Trainable numbers: kernels, biases, alpha's and batch norm's scale and shift, each counted by itself as
/// the original counts them. A frozen model may hold fewer: alpha and batch norm in a row become one affine
/// layer.
int64_t num_trainable(const Benchmark& benchmark);

/// The format of a kernel or of an activation's output under the scheme q<m,n,s>. REQUIRES: such a kind.
Format format_of(const LayerSpec& spec, const Format& scheme);

}  // namespace netsurf
