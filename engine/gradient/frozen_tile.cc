#include "engine/gradient/frozen_tile.h"

#include <algorithm>
#include <cmath>

#include "engine/gradient/winners.h"
#include "kernels/cpu/tile.h"
#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

using cpu::kTile;

/// Calls visit(codes [elements, kTile]) with a layer's codes in their own width.
template <typename Visit>
void visit_codes(const PlainNetwork& network, int layer, const Workspace& workspace, Visit visit) {
  const auto buffer = static_cast<size_t>(network.buffer_of(layer));
  if (network.is_wide(static_cast<int>(buffer))) {
    visit(workspace.wide[buffer].data());
  } else {
    visit(workspace.narrow[buffer].data());
  }
}

/// values[sample, element] = work(element, code) for `count` samples of a tile.
template <typename Int, typename To, typename Work>
void turn(const Int* codes, int64_t elements, int count, To* values, Work work) {
  for (int64_t i = 0; i < elements; ++i) {
    for (int s = 0; s < count; ++s) values[s * elements + i] = work(i, codes[i * kTile + s]);
  }
}

bool has_slopes(LayerKind kind) { return kind == LayerKind::activation || kind == LayerKind::threshold; }
bool has_places(LayerKind kind) { return kind == LayerKind::max_pool || kind == LayerKind::threshold; }

}  // namespace

FrozenNetwork::FrozenNetwork(const PlainNetwork& network, const EvaluationSet& set)
    : network_(network), set_(set), feeds_dense_(network.model().layers().size(), false) {
  for (const Layer& layer : network.model().layers()) {
    if (layer.kind == LayerKind::dense)
      feeds_dense_[static_cast<size_t>(network.buffer_of(layer.inputs[0]))] = true;
  }
  freeze_at(network.clean_parameters());
}

void FrozenNetwork::freeze_at(ParameterOperands operands) {
  operands_ = std::move(operands);
  make_rules();
}

void FrozenNetwork::make_rules() {
  const Model& model = network_.model();
  slopes_.clear();
  ramps_.clear();
  const std::vector<int64_t> largest = largest_inputs();
  for (size_t i = 0; i < model.layers().size(); ++i) {
    const Layer& layer = model.layers()[i];
    slopes_.emplace_back();
    ramps_.emplace_back();
    if (layer.kind == LayerKind::activation) slopes_.back() = std::make_unique<SlopeRule>(layer);
    if (layer.kind == LayerKind::threshold) {
      const auto p = static_cast<size_t>(layer.thresholds);
      ramps_.back() = std::make_unique<ThresholdRamps>(layer, model.parameters()[p],
                                                       model.type(layer.inputs[0]), operands_[p], largest[i]);
    }
  }
}

std::vector<int64_t> FrozenNetwork::largest_inputs() const {
  const Model& model = network_.model();
  std::vector<int64_t> largest(model.layers().size(), 0);
  std::vector<int> wanted;
  for (int i = 0; i < static_cast<int>(model.layers().size()); ++i) {
    const Layer& layer = model.layers()[static_cast<size_t>(i)];
    if (layer.kind == LayerKind::threshold &&
        model.parameters()[static_cast<size_t>(layer.thresholds)].shape[1] == 1)
      wanted.push_back(i);
  }
  if (wanted.empty()) return largest;
  // Maxima have no order, so blocks need none.
  const int64_t tiles = (set_.count + kTile - 1) / kTile, blocks = std::min<int64_t>(tiles, 16);
  std::vector<std::vector<int64_t>> parts(static_cast<size_t>(blocks), largest);
  floating::parallel_for(blocks, [&](int64_t block) {
    Workspace workspace = network_.make_workspace();
    for (int64_t tile = tiles * block / blocks; tile < tiles * (block + 1) / blocks; ++tile) {
      const int count = static_cast<int>(std::min<int64_t>(kTile, set_.count - tile * kTile));
      run(tile * kTile, count, workspace);
      for (int i : wanted) {
        const int input = model.layers()[static_cast<size_t>(i)].inputs[0];
        int64_t& most = parts[static_cast<size_t>(block)][static_cast<size_t>(i)];
        visit_codes(network_, input, workspace, [&](const auto* codes) {
          for (int64_t e = 0; e < model.type(input).elements(); ++e) {
            for (int s = 0; s < count; ++s) most = std::max(most, std::abs(int64_t{codes[e * kTile + s]}));
          }
        });
      }
    }
  });
  for (const std::vector<int64_t>& part : parts) {
    for (size_t i = 0; i < largest.size(); ++i) largest[i] = std::max(largest[i], part[i]);
  }
  return largest;
}

void FrozenNetwork::run(int64_t begin, int count, Workspace& workspace) const {
  const int64_t size = set_.sample_size;
  const int32_t* samples = set_.codes.data() + begin * size;
  int32_t* codes = workspace.narrow[0].data();
  for (int64_t i = 0; i < size; ++i) {
    for (int s = 0; s < kTile; ++s) codes[i * kTile + s] = s < count ? samples[s * size + i] : 0;
  }
  network_.run(operands_, workspace.activations);
}

template <typename Real>
void FrozenNetwork::fill(int64_t begin, int samples, Workspace& workspace, FrozenTile<Real>& tile) const {
  const Model& model = network_.model();
  const size_t num_layers = model.layers().size();
  tile.begin = begin;
  tile.samples = samples;
  tile.values.resize(num_layers);
  tile.choices.resize(num_layers);
  tile.sparse.resize(num_layers);
  for (int done = 0; done < samples; done += kTile) {
    const int count = std::min(kTile, samples - done);
    run(begin + done, count, workspace);
    for (int i = 0; i < static_cast<int>(num_layers); ++i) {
      if (network_.buffer_of(i) != i) continue;
      fill_values(i, done, count, workspace, tile);
      if (i > 0) fill_choices(i, done, count, workspace, tile);
    }
  }
  for (size_t i = 0; i < num_layers; ++i) {
    const auto elements = static_cast<int>(model.type(static_cast<int>(i)).elements());
    if (feeds_dense_[i]) floating::make_sparse(samples, elements, tile.values[i].data(), tile.sparse[i]);
  }
}

template <typename Real>
void FrozenNetwork::fill_values(int layer, int first, int count, const Workspace& workspace,
                                FrozenTile<Real>& tile) const {
  const TensorType& type = network_.model().type(layer);
  const int64_t elements = type.elements();
  const double step = std::ldexp(1.0, -type.frac_bits);
  std::vector<Real>& values = tile.values[static_cast<size_t>(layer)];
  values.resize(static_cast<size_t>(tile.samples * elements));
  visit_codes(network_, layer, workspace, [&](const auto* codes) {
    turn(codes, elements, count, values.data() + first * elements,
         [&](int64_t, auto code) { return static_cast<Real>(static_cast<double>(code) * step); });
  });
}

template <typename Real>
void FrozenNetwork::fill_choices(int index, int first, int count, const Workspace& workspace,
                                 FrozenTile<Real>& tile) const {
  const auto i = static_cast<size_t>(index);
  const Layer& layer = network_.model().layers()[i];
  const TensorType& in = network_.model().type(layer.inputs[0]);
  const int64_t elements = network_.model().type(index).elements();
  FrozenChoices<Real>& choices = tile.choices[i];
  if (has_slopes(layer.kind)) choices.slopes.resize(static_cast<size_t>(tile.samples * elements));
  if (has_places(layer.kind)) choices.places.resize(static_cast<size_t>(tile.samples * elements));
  Real* slopes = choices.slopes.empty() ? nullptr : choices.slopes.data() + first * elements;
  int32_t* places = choices.places.empty() ? nullptr : choices.places.data() + first * elements;
  visit_codes(network_, layer.inputs[0], workspace, [&](const auto* codes) {
    if (layer.kind == LayerKind::activation) {
      const double step = std::ldexp(1.0, -in.frac_bits);
      turn(codes, elements, count, slopes, [&](int64_t, auto code) {
        return static_cast<Real>((*slopes_[i])(static_cast<double>(code) * step));
      });
    } else if (layer.kind == LayerKind::threshold) {
      const int channels = in.shape.back();
      for (int64_t e = 0; e < elements; ++e) {
        for (int s = 0; s < count; ++s) {
          const RampPlace place = ramps_[i]->place(static_cast<int>(e % channels), codes[e * kTile + s]);
          slopes[s * elements + e] = static_cast<Real>(place.slope);
          places[s * elements + e] = place.threshold;
        }
      }
    } else if (layer.kind == LayerKind::max_pool) {
      find_winners(codes, layer.window, in.shape, count, places);
    }
  });
}

template <typename Real>
int64_t FrozenNetwork::bytes_per_sample() const {
  const Model& model = network_.model();
  int64_t bytes = 0;
  for (int i = 0; i < static_cast<int>(model.layers().size()); ++i) {
    if (network_.buffer_of(i) != i) continue;
    const LayerKind kind = model.layers()[static_cast<size_t>(i)].kind;
    int64_t each = sizeof(Real);
    if (has_slopes(kind)) each += sizeof(Real);
    if (has_places(kind)) each += sizeof(int32_t);
    if (feeds_dense_[static_cast<size_t>(i)])
      each += sizeof(Real) + sizeof(int32_t);  // about half of them, twice
    bytes += each * model.type(i).elements();
  }
  return bytes;
}

template void FrozenNetwork::fill(int64_t, int, Workspace&, FrozenTile<float>&) const;
template void FrozenNetwork::fill(int64_t, int, Workspace&, FrozenTile<double>&) const;
template int64_t FrozenNetwork::bytes_per_sample<float>() const;
template int64_t FrozenNetwork::bytes_per_sample<double>() const;

}  // namespace netsurf
