#include "engine/model/canonical.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <tuple>

#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace netsurf {
namespace {

/// Kind, output shape, attributes and parameter digests of one layer, as one text.
std::string own_color(const Layer& layer, const TensorType& type,
                      std::span<const std::string> parameter_digests) {
  Digest digest;
  digest.add(name_of(layer.kind))
      .add(std::span<const int32_t>(type.shape))
      .add(std::span<const int32_t>(attributes(layer)));
  std::array<int, 5> roles = parameter_roles(layer);
  for (int p : digested_roles(layer, roles))
    digest.add(p < 0 ? "" : std::string_view(parameter_digests[static_cast<size_t>(p)]));
  return digest.hex();
}

/// A color per layer that tells twins apart by what surrounds them (color refinement, after Weisfeiler and
/// Leman): in each round a layer's color takes in those of its inputs, of its readers with the slot they read
/// it in, and of the layers that share a parameter with it, until no round splits a class any more.
std::vector<std::string> surrounding_colors(std::span<const Layer> layers, std::vector<std::string> colors) {
  std::map<int, std::vector<size_t>> users;  // of each parameter
  for (size_t i = 0; i < layers.size(); ++i) {
    for (int p : parameter_roles(layers[i])) {
      if (p >= 0) users[p].push_back(i);
    }
  }
  std::vector<std::vector<size_t>> sharers(layers.size());
  for (const auto& [parameter, who] : users) {
    for (size_t i : who) {
      for (size_t other : who) {
        if (other != i) sharers[i].push_back(other);
      }
    }
  }
  size_t num_classes = 0;
  for (;;) {
    size_t now = std::set<std::string>(colors.begin(), colors.end()).size();
    if (now == num_classes || now == layers.size()) return colors;
    num_classes = now;
    std::vector<std::multiset<std::string>> around(layers.size());
    std::vector<std::string> next;
    for (size_t i = 0; i < layers.size(); ++i) {
      for (size_t slot = 0; slot < layers[i].inputs.size(); ++slot) {
        around[static_cast<size_t>(layers[i].inputs[slot])].insert(colors[i] + " reads " +
                                                                   std::to_string(slot));
      }
      for (size_t other : sharers[i]) around[i].insert(colors[other] + " shares");
    }
    for (size_t i = 0; i < layers.size(); ++i) {
      Digest digest;
      digest.add(colors[i]);
      for (int input : layers[i].inputs) digest.add(colors[static_cast<size_t>(input)]);
      for (const std::string& neighbor : around[i]) digest.add(neighbor);
      next.push_back(digest.hex());
    }
    colors = std::move(next);
  }
}

std::array<int32_t, 7> attributes_added_later(const Layer& layer) {
  return {layer.low,   layer.high,        static_cast<int32_t>(layer.rounding), layer.wraps ? 1 : 0,
          layer.slope, layer.slope_shift, std::bit_cast<int32_t>(layer.unit)};
}

}  // namespace

std::array<int, 5> parameter_roles(const Layer& layer) {
  return {layer.kernel, layer.bias, layer.scale, layer.shift, layer.thresholds};
}

std::span<const int> digested_roles(const Layer& layer, const std::array<int, 5>& roles) {
  return std::span(roles).first(layer.thresholds < 0 ? 4 : 5);
}

std::vector<int32_t> attributes(const Layer& layer) {
  const Window& w = layer.window;
  std::vector<int32_t> all = {w.height,
                              w.width,
                              w.stride_y,
                              w.stride_x,
                              w.dilation_y,
                              w.dilation_x,
                              w.pad_top,
                              w.pad_left,
                              w.pad_bottom,
                              w.pad_right,
                              layer.groups,
                              layer.format.bits,
                              layer.format.integer_bits,
                              layer.format.is_signed ? 1 : 0,
                              static_cast<int32_t>(layer.function)};
  all.insert(all.end(), layer.shape.begin(), layer.shape.end());
  // Seven more or none: a shape has at most three sizes, so the two cannot be taken for each other.
  std::array<int32_t, 7> later = attributes_added_later(layer);
  if (later != attributes_added_later(Layer{})) all.insert(all.end(), later.begin(), later.end());
  return all;
}

std::string parameter_digest(const Parameter& p) {
  Digest digest;
  digest.add(int64_t{p.format.bits}).add(int64_t{p.format.integer_bits}).add(int64_t{p.format.is_signed});
  digest.add(std::span<const int32_t>(p.shape)).add(std::span<const int32_t>(p.codes));
  digest.add_bytes(std::as_bytes(std::span(p.pruned)));
  if (p.zero_point != 0 || p.bipolar || p.constant)
    digest.add(int64_t{p.zero_point}).add(int64_t{p.bipolar}).add(int64_t{p.constant});
  return digest.hex();
}

std::vector<int> topological_order(std::span<const Layer> layers) {
  std::vector<int> order;
  std::vector<bool> placed(layers.size(), false);
  while (order.size() < layers.size()) {
    size_t before = order.size();
    for (size_t i = 0; i < layers.size(); ++i) {
      const auto& inputs = layers[i].inputs;
      if (placed[i] ||
          !std::all_of(inputs.begin(), inputs.end(), [&](int in) { return placed[static_cast<size_t>(in)]; }))
        continue;
      placed[i] = true;
      order.push_back(static_cast<int>(i));
    }
    if (order.size() == before) throw InputError("the layers form a cycle");
  }
  return order;
}

std::vector<Layer> reordered(std::span<const Layer> layers, std::span<const int> order) {
  std::vector<int> place(layers.size());
  for (size_t i = 0; i < order.size(); ++i) place[static_cast<size_t>(order[i])] = static_cast<int>(i);
  std::vector<Layer> result;
  for (int index : order) {
    Layer layer = layers[static_cast<size_t>(index)];
    for (int& input : layer.inputs) input = place[static_cast<size_t>(input)];
    result.push_back(std::move(layer));
  }
  return result;
}

std::vector<int> canonical_order(std::span<const Layer> layers, std::span<const TensorType> types,
                                 std::span<const Parameter> parameters) {
  std::vector<std::string> digests, colors;
  for (const Parameter& parameter : parameters) digests.push_back(parameter_digest(parameter));
  for (size_t i = 0; i < layers.size(); ++i) colors.push_back(own_color(layers[i], types[i], digests));
  colors = surrounding_colors(layers, std::move(colors));

  using Key = std::tuple<std::vector<int>, LayerKind, Shape, std::vector<int32_t>, std::string, std::string>;
  std::vector<int> place(layers.size(), -1);
  std::vector<int> order;
  while (order.size() < layers.size()) {
    int best = -1;
    Key best_key;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Layer& layer = layers[i];
      if (place[i] >= 0) continue;
      std::vector<int> producers;
      for (int input : layer.inputs) producers.push_back(place[static_cast<size_t>(input)]);
      if (std::find(producers.begin(), producers.end(), -1) != producers.end()) continue;
      std::string own_digests;
      std::array<int, 5> roles = parameter_roles(layer);
      for (int p : digested_roles(layer, roles)) own_digests += p < 0 ? "-" : digests[static_cast<size_t>(p)];
      Key key{std::move(producers),   layer.kind, types[i].shape, attributes(layer),
              std::move(own_digests), colors[i]};
      if (best < 0 || key < best_key) {
        best = static_cast<int>(i);
        best_key = std::move(key);
      }
    }
    place[static_cast<size_t>(best)] = static_cast<int>(order.size());
    order.push_back(best);
  }
  return order;
}

}  // namespace netsurf
