#include "apps/model_table.h"

#include <array>
#include <set>
#include <sstream>
#include <utility>

#include "apps/printable.h"
#include "apps/text_table.h"
#include "engine/faults/bit_space.h"

namespace netsurf {
namespace {

constexpr size_t kMaxNameBytes = 200;

std::string format_text(const Parameter& parameter) {
  if (parameter.bipolar) return "bipolar";
  std::string text = parameter.format.text();
  if (parameter.zero_point != 0) text += " zero point " + std::to_string(parameter.zero_point);
  if (parameter.constant) text += " constant";
  return text;
}

std::string kind_text(const Layer& layer) {
  std::string kind(name_of(layer.kind));
  if (layer.kind == LayerKind::activation) kind += " " + std::string(name_of(layer.function));
  if (layer.kind == LayerKind::activation || layer.kind == LayerKind::input ||
      layer.kind == LayerKind::threshold) {
    kind += " " + layer.format.text();
  }
  if (layer.wraps) kind += " wraps";
  if (layer.rounding != core::Rounding::half_even) kind += " " + std::string(core::name_of(layer.rounding));
  if (layer.unit != 1) kind += " unit " + number_text("%.9g", static_cast<double>(layer.unit));
  return kind;
}

}  // namespace

std::string model_summary(const Model& model) {
  std::ostringstream text;
  text << "model    " << printable(model.name()) << "\ndigest   " << model.digest() << "\nweights  "
       << model.num_weights() << "\nbits     " << BitSpace(model).size() << " that can flip, "
       << model.num_bits() << " stored\nMACs     " << model.num_macs() << " per sample\nsparsity "
       << number_text("%.2f %%", 100 * model.sparsity()) << "\n";
  return text.str();
}

std::string layer_table(const Model& model) {
  TextTable table({"layer", "kind", "reads", "output", "fraction bits", "codes within", "bound", "held in",
                   "numbers", "bits", "parameters"});
  std::set<int> counted;  // a parameter that several layers share is stored once
  for (size_t i = 0; i < model.layers().size(); ++i) {
    const Layer& layer = model.layers()[i];
    const TensorType& type = model.type(static_cast<int>(i));
    std::string reads, parameters;
    for (int input : layer.inputs)
      reads += (reads.empty() ? "" : " ") +
               printable(model.layers()[static_cast<size_t>(input)].name, kMaxNameBytes);
    int64_t numbers = 0, bits = 0;
    for (auto [index, role] :
         {std::pair(layer.kernel, "kernel"), std::pair(layer.bias, "bias"), std::pair(layer.scale, "scale"),
          std::pair(layer.shift, "shift"), std::pair(layer.thresholds, "thresholds")}) {
      if (index < 0) continue;
      const Parameter& parameter = model.parameters()[static_cast<size_t>(index)];
      parameters += (parameters.empty() ? "" : ", ") + std::string(role) + " " + shape_text(parameter.shape) +
                    " " + format_text(parameter);
      if (parameter.constant || !counted.insert(index).second) continue;
      numbers += static_cast<int64_t>(parameter.codes.size());
      bits += static_cast<int64_t>(parameter.codes.size()) * parameter.format.bits;
    }
    table.add({printable(layer.name, kMaxNameBytes), kind_text(layer), reads, shape_text(type.shape),
               std::to_string(type.frac_bits),
               "[" + std::to_string(type.low) + ", " + std::to_string(type.high) + "]",
               std::to_string(type.bound), type.needs_64_bits() ? "int64" : "int32",
               numbers == 0 ? "-" : std::to_string(numbers), bits == 0 ? "-" : std::to_string(bits),
               parameters});
  }
  return table.text();
}

}  // namespace netsurf
