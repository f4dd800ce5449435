// Models to save: one with every layer kind, and random ones.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/model/model.h"

namespace netsurf {

/// Builds a model layer by layer from random choices; a layer that does not fit is not added.
class ModelMaker {
 public:
  explicit ModelMaker(uint64_t seed) : random_(seed) {}

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  const TensorType& type(int layer) const { return types_[static_cast<size_t>(layer)]; }
  int last() const { return static_cast<int>(layers_.size()) - 1; }

  /// Adds a layer; false, and nothing happens, when it would not be valid.
  bool add(Layer layer) {
    layers_.push_back(std::move(layer));
    try {
      types_ = infer_types(layers_, parameters_);
      return true;
    } catch (const InputError&) {
      layers_.pop_back();
      return false;
    }
  }

  int add_parameter(Parameter parameter) {
    parameters_.push_back(std::move(parameter));
    return static_cast<int>(parameters_.size()) - 1;
  }

  /// A parameter with random codes, sometimes pruned, sometimes of a nameless kind.
  Parameter parameter(const std::string& name, Shape shape, Format format, bool is_pruned) {
    Parameter p{name, std::move(shape), format, {}, {}};
    auto count = static_cast<size_t>(num_elements(p.shape));
    for (size_t i = 0; i < count; ++i)
      p.codes.push_back(static_cast<int32_t>(pick(format.min_code(), format.max_code())));
    if (is_pruned) {
      for (size_t i = 0; i < count; ++i) {
        p.pruned.push_back(chance(40) ? 1 : 0);
        if (p.pruned[i] != 0) p.codes[i] = 0;
      }
    }
    return p;
  }

  Format format(int max_bits) {
    bool is_signed = chance(60);
    auto bits = static_cast<int>(pick(1, is_signed ? max_bits : std::min(max_bits, 31)));
    auto frac_bits = static_cast<int>(pick(-3, 9));
    return Format{bits, bits - (is_signed ? 1 : 0) - frac_bits, is_signed};
  }

  /// A random model of about `size` layers of the kinds that training makes.
  Model random_model(int size) {
    add_input();
    for (int i = 0; i < size; ++i) add_random_layer();
    while (layers_.size() < 2) add_activation(last());
    if (type(last()).shape.size() == 1 && chance(40)) add(layer(LayerKind::softmax, {last()}));
    drop_unused_parameters();
    std::map<std::string, std::string> notes;
    if (chance(50)) notes = {{"seed", std::to_string(pick(0, 1000))}, {"said", "\"quoted\"\n\xc3\xa9"}};
    return Model::build(chance(90) ? "random" : "", layers_, parameters_, notes);
  }

  Layer layer(LayerKind kind, std::vector<int> inputs) {
    Layer result;
    result.kind = kind;
    result.inputs = std::move(inputs);
    // Sometimes nameless, sometimes a name that others have or that a helper tensor would like.
    result.name = chance(10)   ? ""
                  : chance(20) ? "twin"
                               : std::string(name_of(kind)) + "_" + std::to_string(layers_.size());
    return result;
  }

  Model build(const std::string& name, const std::map<std::string, std::string>& notes) const {
    return Model::build(name, layers_, parameters_, notes);
  }

 private:
  void add_input() {
    Layer input = layer(LayerKind::input, {});
    input.format = format(12);
    int rank = chance(60) ? 3 : static_cast<int>(pick(1, 2));
    for (int i = 0; i < rank; ++i) input.shape.push_back(static_cast<int>(pick(1, rank == 3 ? 7 : 12)));
    ASSERT_TRUE(add(input));
  }

  bool add_activation(int from) {
    Layer activation = layer(LayerKind::activation, {from});
    activation.format = format(16);
    activation.function = static_cast<ActivationFunction>(pick(0, 3));
    return add(activation);
  }

  /// An earlier parameter of that shape, or a new one.
  int some_parameter(const std::string& role, const Shape& shape, int max_bits, bool may_be_pruned) {
    for (size_t i = 0; i < parameters_.size(); ++i) {
      if (parameters_[i].shape == shape && chance(40)) return static_cast<int>(i);
    }
    std::string name = chance(10) ? "twin" : role + std::to_string(parameters_.size());
    return add_parameter(parameter(name, shape, format(max_bits), may_be_pruned && chance(50)));
  }

  Window random_window(bool is_dilated) {
    Window w;
    w.height = static_cast<int>(pick(1, 3));
    w.width = static_cast<int>(pick(1, 3));
    w.stride_y = static_cast<int>(pick(1, 2));
    w.stride_x = static_cast<int>(pick(1, 2));
    if (is_dilated) {
      w.dilation_y = static_cast<int>(pick(1, 2));
      w.dilation_x = static_cast<int>(pick(1, 2));
    }
    w.pad_top = static_cast<int>(pick(0, w.height - 1));
    w.pad_left = static_cast<int>(pick(0, w.width - 1));
    w.pad_bottom = static_cast<int>(pick(0, w.height - 1));
    w.pad_right = static_cast<int>(pick(0, w.width - 1));
    return w;
  }

  void add_random_layer() {
    int from = last();
    const Shape shape = type(from).shape;
    auto kind = static_cast<LayerKind>(pick(1, 11));
    Layer next = layer(kind, {from});
    switch (kind) {
      case LayerKind::dense:
        if (shape.size() != 1) return;
        next.kernel = some_parameter("kernel", {static_cast<int>(pick(1, 6)), shape[0]}, 32, true);
        if (chance(60))
          next.bias =
              some_parameter("bias", {parameters_[static_cast<size_t>(next.kernel)].shape[0]}, 32, false);
        break;
      case LayerKind::conv2d: {
        if (shape.size() != 3) return;
        next.window = random_window(true);
        next.groups = shape[2] % 2 == 0 && chance(30) ? 2 : chance(30) ? shape[2] : 1;
        int out = next.groups * static_cast<int>(pick(1, 3));
        next.kernel = some_parameter(
            "kernel", {out, next.window.height, next.window.width, shape[2] / next.groups}, 32, true);
        if (chance(60)) next.bias = some_parameter("bias", {out}, 32, false);
        break;
      }
      case LayerKind::max_pool:
        next.window = random_window(true);
        break;
      case LayerKind::average_pool:
        next.window = random_window(chance(20));
        break;
      case LayerKind::affine:
        next.scale = some_parameter("scale", {shape.back()}, 16, false);
        if (chance(60)) next.shift = some_parameter("shift", {shape.back()}, 16, false);
        break;
      case LayerKind::add:
      case LayerKind::concatenate: {
        for (auto branches = pick(1, 2); branches > 0; --branches) {
          if (add_activation(from)) next.inputs.push_back(last());
        }
        if (chance(20)) next.inputs.push_back(from);
        if (next.inputs.size() == 1) return;
        ASSERT_TRUE(add(next));
        return;
      }
      case LayerKind::reshape: {
        auto count = static_cast<int>(num_elements(shape));
        int rows = count % 2 == 0 ? 2 : 1;
        std::vector<Shape> choices = {
            {count}, {rows, count / rows}, {1, 1, count}, {rows, 1, count / rows}, {count / rows, rows, 1}};
        next.shape = choices[static_cast<size_t>(pick(0, 4))];
        break;
      }
      case LayerKind::activation:
        add_activation(from);
        return;
      default:
        break;
    }
    add(next);
  }

  void drop_unused_parameters() {
    std::vector<int> place(parameters_.size(), -1);
    std::vector<Parameter> used;
    for (Layer& each : layers_) {
      for (int* index : {&each.kernel, &each.bias, &each.scale, &each.shift}) {
        if (*index < 0) continue;
        int& target = place[static_cast<size_t>(*index)];
        if (target < 0) {
          target = static_cast<int>(used.size());
          used.push_back(parameters_[static_cast<size_t>(*index)]);
        }
        *index = target;
      }
    }
    parameters_ = used;
  }

  std::mt19937_64 random_;
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
  std::vector<TensorType> types_;
};

inline Format make_format(int bits, int frac_bits, bool is_signed) {
  return Format{bits, bits - (is_signed ? 1 : 0) - frac_bits, is_signed};
}

/// Every layer kind that training makes, branches, a shared parameter, grouped, depthwise and dilated
/// convolutions, padding, negative fraction bits, 1 to 32-bit parameters and prune masks. Names are plain and
/// unlike.
inline Model model_of_every_kind(bool is_plain = false) {
  ModelMaker maker(7);
  auto add = [&](const std::string& name, LayerKind kind, std::vector<int> inputs, auto&& set) {
    Layer layer;
    layer.name = name;
    layer.kind = kind;
    layer.inputs = std::move(inputs);
    set(layer);
    EXPECT_TRUE(maker.add(layer)) << name;
    return maker.last();
  };
  auto parameter = [&](const std::string& name, Shape shape, Format format, bool is_pruned = false) {
    return maker.add_parameter(maker.parameter(name, std::move(shape), format, is_pruned && !is_plain));
  };
  auto activation = [&](const std::string& name, int from, ActivationFunction function, Format format) {
    return add(name, LayerKind::activation, {from}, [&](Layer& l) {
      l.function = function;
      l.format = format;
    });
  };
  auto window = [](int size, int stride, int dilation, int before, int after) {
    return Window{size, size, stride, stride, dilation, dilation, before, before, after, after};
  };
  int input = add("input", LayerKind::input, {}, [](Layer& l) {
    l.format = make_format(8, 8, false);
    l.shape = {10, 9, 2};
  });
  int widest = is_plain ? 24 : 32;
  int conv = add("conv", LayerKind::conv2d, {input}, [&](Layer& l) {
    l.window = window(3, 2, 1, 0, 1);
    l.kernel = parameter("conv_kernel", {4, 3, 3, 2}, make_format(6, 5, true), true);
    l.bias = parameter("shared", {4}, make_format(widest, is_plain ? 20 : 30, true));
  });
  int relu = activation("relu", conv, ActivationFunction::relu, make_format(6, 4, false));
  int depthwise = add("depthwise", LayerKind::conv2d, {relu}, [&](Layer& l) {
    l.window = window(3, 1, 2, 2, 2);
    l.groups = 4;
    l.kernel = parameter("depthwise_kernel", {4, 3, 3, 1}, make_format(is_plain ? 2 : 1, -2, true));
  });
  int affine = add("affine", LayerKind::affine, {depthwise}, [&](Layer& l) {
    l.scale = parameter("affine_scale", {4}, make_format(7, 3, true));
    l.shift = 1;  // shared with the bias of conv
  });
  int tanh = activation("hard_tanh", affine, ActivationFunction::hard_tanh, make_format(5, 4, true));
  int sum = add("sum", LayerKind::add, {tanh, relu}, [](Layer&) {});
  int sum_q = activation("sum_q", sum, ActivationFunction::linear, make_format(8, 4, true));
  int grouped = add("grouped", LayerKind::conv2d, {sum_q}, [&](Layer& l) {
    l.groups = 2;
    l.kernel =
        parameter("grouped_kernel", {6, 1, 1, 2}, make_format(is_plain ? 12 : 31, is_plain ? 9 : 28, false));
  });
  int sigmoid =
      activation("hard_sigmoid", grouped, ActivationFunction::hard_sigmoid, make_format(8, 8, false));
  int triple = add("triple", LayerKind::add, {tanh, relu, sum_q}, [](Layer&) {});
  int triple_q = activation("triple_q", triple, ActivationFunction::linear, make_format(16, -1, true));
  int joined = add("joined", LayerKind::concatenate, {sigmoid, triple_q}, [](Layer&) {});
  int max_pool =
      add("max_pool", LayerKind::max_pool, {joined}, [&](Layer& l) { l.window = window(2, 1, 1, 0, 1); });
  int joined_q = activation("joined_q", max_pool, ActivationFunction::linear, make_format(10, 3, true));
  int average = add("average", LayerKind::average_pool, {joined_q},
                    [&](Layer& l) { l.window = window(2, 2, 1, 1, 0); });
  int global = add("global", LayerKind::global_average_pool, {average}, [](Layer&) {});
  int flat = add("flat", LayerKind::flatten, {average}, [](Layer&) {});
  int features = static_cast<int>(num_elements(maker.type(average).shape));
  int dense = add("dense", LayerKind::dense, {flat}, [&](Layer& l) {
    l.kernel = parameter("dense_kernel", {10, features}, make_format(4, 3, true), true);
    l.bias = parameter("dense_bias", {10}, make_format(9, 2, true));
  });
  int both = add("both", LayerKind::concatenate, {dense, global}, [](Layer&) {});
  int both_q = activation("both_q", both, ActivationFunction::relu, make_format(16, 2, true));
  int image = add("image", LayerKind::reshape, {both_q}, [](Layer& l) { l.shape = {2, 5, 2}; });
  int pooled =
      add("pooled", LayerKind::max_pool, {image}, [&](Layer& l) { l.window = window(2, 1, 1, 0, 0); });
  int back = add("back", LayerKind::reshape, {pooled}, [](Layer& l) { l.shape = {8}; });
  int last = add("last", LayerKind::dense, {back}, [&](Layer& l) {
    l.kernel = parameter("last_kernel", {3, 8}, make_format(widest, 12, true), true);
  });
  add("softmax", LayerKind::softmax, {last}, [](Layer&) {});
  return maker.build("every_kind", {{"seed", "7"}, {"data", "none"}});
}

inline void expect_same(const Model& found, const Model& expected) {
  EXPECT_EQ(found.digest(), expected.digest());
  EXPECT_EQ(found.name(), expected.name());
  EXPECT_EQ(found.notes(), expected.notes());
  ASSERT_EQ(found.layers().size(), expected.layers().size());
  for (size_t i = 0; i < found.layers().size(); ++i) {
    EXPECT_EQ(found.layers()[i].name, expected.layers()[i].name);
    EXPECT_EQ(found.layers()[i].kind, expected.layers()[i].kind);
    EXPECT_EQ(found.layers()[i].inputs, expected.layers()[i].inputs);
    EXPECT_EQ(found.layers()[i].low, expected.layers()[i].low);
    EXPECT_EQ(found.layers()[i].high, expected.layers()[i].high);
    EXPECT_EQ(found.layers()[i].rounding, expected.layers()[i].rounding);
    EXPECT_EQ(found.layers()[i].unit, expected.layers()[i].unit);
  }
  ASSERT_EQ(found.parameters().size(), expected.parameters().size());
  for (size_t i = 0; i < found.parameters().size(); ++i) {
    EXPECT_EQ(found.parameters()[i].name, expected.parameters()[i].name);
    EXPECT_EQ(found.parameters()[i].shape, expected.parameters()[i].shape);
    EXPECT_EQ(found.parameters()[i].format, expected.parameters()[i].format);
    EXPECT_EQ(found.parameters()[i].codes, expected.parameters()[i].codes);
    EXPECT_EQ(found.parameters()[i].pruned, expected.parameters()[i].pruned);
    EXPECT_EQ(found.parameters()[i].zero_point, expected.parameters()[i].zero_point);
    EXPECT_EQ(found.parameters()[i].bipolar, expected.parameters()[i].bipolar);
    EXPECT_EQ(found.parameters()[i].constant, expected.parameters()[i].constant);
  }
}

}  // namespace netsurf
