// A model to save with everything that imported networks bring: what a trained one never has.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/models/qonnx/onnx_models.h"

namespace netsurf {

/// Units, ranges, six ways to round, wrapping, one signed bit, zero points, bipolar and wired-in parameters,
/// thresholds, sums over windows, a transposed convolution, upsampling, a leaky relu. A plain one leaves out
/// what plain QONNX has no place for.
inline Model imported_model(bool is_plain = false) {
  ModelMaker maker(5);
  auto add = [&](const std::string& name, LayerKind kind, const std::function<void(Layer&)>& set) {
    Layer layer;
    layer.name = name;
    layer.kind = kind;
    if (kind != LayerKind::input) layer.inputs = {maker.last()};
    set(layer);
    EXPECT_TRUE(maker.add(layer)) << name;
  };
  auto parameter = [&](const std::string& name, Shape shape, Format format,
                       const std::function<void(Parameter&)>& set = {}) {
    Parameter made = maker.parameter(name, std::move(shape), format, false);
    if (set) set(made);
    return maker.add_parameter(std::move(made));
  };
  auto wire_in = [](Parameter& p) { p.constant = true; };
  auto rounded = [&](const std::string& name, Format format, int low, int high, core::Rounding rounding,
                     const std::function<void(Layer&)>& set = {}) {
    add(name, LayerKind::activation, [&](Layer& l) {
      l.format = format;
      l.low = low;
      l.high = high;
      l.rounding = rounding;
      if (set) set(l);
    });
  };
  add("input", LayerKind::input, [](Layer& l) {
    l.shape = {4, 4, 2};
    l.format = make_format(8, 4, true);
    l.low = -100;
    l.high = 101;
    l.rounding = core::Rounding::half_down;
    l.unit = 0.3f;
  });
  add("shifted", LayerKind::conv2d, [&](Layer& l) {
    l.window = Window{3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
    l.kernel = parameter("shifted_kernel", {2, 3, 3, 2}, make_format(4, 2, false), [&](Parameter& p) {
      p.zero_point = 7;
      if (is_plain) return;
      p.pruned.assign(p.codes.size(), 0);
      p.pruned[1] = 1;
      p.codes[1] = 7;
    });
  });
  rounded("leaky", make_format(6, 3, true), -20, 31, core::Rounding::half_up, [](Layer& l) {
    l.function = ActivationFunction::leaky_relu;
    l.slope = 3;
    l.slope_shift = 4;
  });
  add("sum", LayerKind::sum_pool, [](Layer& l) { l.window = Window{2, 2, 1, 1, 1, 1, 0, 0, 0, 0}; });
  add("steps", LayerKind::threshold, [&](Layer& l) {
    l.thresholds = parameter("steps_at", {2, 3}, make_format(9, 3, true));
    l.format = make_format(4, 1, false);
    l.low = 1;
    l.high = 10;
  });
  add("spread", LayerKind::conv2d_transpose, [&](Layer& l) {
    l.window = Window{2, 2, 2, 2, 1, 1, 0, 0, -1, 0};
    l.kernel = parameter("spread_kernel", {3, 2, 2, 2}, make_format(5, 3, true));
    l.bias = parameter("spread_bias", {3}, make_format(8, 3, true));
  });
  rounded("narrow", make_format(5, 2, true), -15, 15, core::Rounding::floor);
  add("larger", LayerKind::upsample, [](Layer& l) {
    l.window.height = 2;
    l.window.width = 1;
  });
  add("scaled", LayerKind::affine, [&](Layer& l) {
    l.scale = parameter("scale", {3}, make_format(is_plain ? 6 : 28, 4, true), wire_in);
    l.shift = parameter("shift", {3}, make_format(6, 4, true), [](Parameter& p) {
      p.constant = true;
      p.zero_point = -3;
    });
  });
  rounded("at_one", make_format(6, 3, true), -8, 8, core::Rounding::to_zero);
  if (!is_plain) {
    rounded("wrapped", make_format(3, 1, true), 0, 0, core::Rounding::half_away,
            [](Layer& l) { l.wraps = true; });
    rounded("two_codes", make_format(1, 0, true), 0, 0, core::Rounding::ceil);
  }
  add("flat", LayerKind::flatten, [](Layer&) {});
  int features = maker.type(maker.last()).shape[0];
  add("votes", LayerKind::dense, [&](Layer& l) {
    l.kernel = parameter("votes_kernel", {4, features}, make_format(1, 0, false),
                         [](Parameter& p) { p.bipolar = true; });
  });
  add("last", LayerKind::threshold, [&](Layer& l) {
    int frac_bits = maker.type(maker.last()).frac_bits;
    l.thresholds = parameter("last_at", {1, 2}, make_format(7, frac_bits, true), wire_in);
    l.format = make_format(3, 0, true);
    l.low = -2;
    l.high = 2;
    l.unit = 0.7f;
  });
  return maker.build("imported", {{"file", "none"}});
}

}  // namespace netsurf
