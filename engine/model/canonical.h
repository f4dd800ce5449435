// The one order of a network's layers, so that digests and bit numbers do not depend on the order a file
// happened to have.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/model/exactness.h"
#include "engine/model/layer.h"

namespace netsurf {

/// The parameters of a layer by role: kernel, bias, scale, shift, thresholds; -1 for none.
std::array<int, 5> parameter_roles(const Layer& layer);

/// What a layer is apart from its name, its inputs and its parameters, as numbers. What was added to the file
/// format later is among them only where it is not at its default, so that older digests stay.
std::vector<int32_t> attributes(const Layer& layer);

/// The roles that digests cover: of a layer without thresholds the first four, as before there were any.
std::span<const int> digested_roles(const Layer& layer, const std::array<int, 5>& roles);

/// SHA-256 over format, shape, codes, prune mask and what the codes mean; not over the name.
std::string parameter_digest(const Parameter& parameter);

/// Any topological order, as indices. Throws InputError for a cycle.
std::vector<int> topological_order(std::span<const Layer> layers);

/// Always the ready layer with the smallest (producers' places, kind, output shape, attributes, parameter
/// digests); where these agree (twins: one layer written twice), what reads the layer decides. REQUIRES:
/// topological order.
std::vector<int> canonical_order(std::span<const Layer> layers, std::span<const TensorType> types,
                                 std::span<const Parameter> parameters);

/// `layers` in the given order, their inputs renumbered.
std::vector<Layer> reordered(std::span<const Layer> layers, std::span<const int> order);

}  // namespace netsurf
