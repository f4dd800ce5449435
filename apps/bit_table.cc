#include "apps/bit_table.h"

#include "apps/fkeras_order.h"
#include "apps/printable.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr int64_t kMostRows = 1000000;
constexpr size_t kMaxNameBytes = 200;

/// Every number that the words name.
std::vector<uint64_t> numbers_of(std::span<const std::string> words, const std::string& option,
                                 uint64_t size) {
  if (size == 0) throw InputError(option + ": the model stores no such bits");
  auto last = static_cast<int64_t>(size - 1);
  std::vector<uint64_t> numbers;
  for (const std::string& word : words) {
    size_t dash = word.find('-');
    int64_t begin = parse_integer(word.substr(0, dash), option, 0, last), end = begin;
    if (dash != std::string::npos) end = parse_integer(word.substr(dash + 1), option, 0, last);
    if (end < begin) throw InputError(option + " " + word + ": the range runs backwards");
    if (end - begin >= kMostRows - static_cast<int64_t>(numbers.size()))
      throw InputError(option + ": more than " + std::to_string(kMostRows) + " bits; ask for fewer");
    for (int64_t number = begin; number <= end; ++number) numbers.push_back(static_cast<uint64_t>(number));
  }
  return numbers;
}

/// The layer that first reads a parameter, and as what.
struct Owner {
  std::string layer, role;
};

std::vector<Owner> owners_of(const Model& model) {
  std::vector<Owner> owners(model.parameters().size());
  auto note = [&](int index, const Layer& layer, const char* role) {
    if (index < 0) return;
    Owner& owner = owners[static_cast<size_t>(index)];
    if (owner.role.empty()) owner = {layer.name, role};
  };
  for (const Layer& layer : model.layers()) {
    note(layer.kernel, layer, "kernel");
    note(layer.bias, layer, "bias");
    note(layer.scale, layer, "scale");
    note(layer.shift, layer, "shift");
    note(layer.thresholds, layer, "thresholds");
  }
  return owners;
}

std::string place_text(const Shape& shape, int64_t element) {
  std::string text;
  for (size_t axis = shape.size(); axis-- > 0;) {
    text = std::to_string(element % shape[axis]) + (text.empty() ? "" : ",") + text;
    element /= shape[axis];
  }
  return "[" + text + "]";
}

std::string value_text(const Parameter& parameter, int32_t code) {
  return number_text("%.9g", parameter.operand(code) * parameter.format.step());
}

std::string number_or_dash(const std::optional<uint64_t>& number) {
  return number ? std::to_string(*number) : "-";
}

}  // namespace

std::vector<BitAddress> addresses_of(std::span<const std::string> words, const BitSpace& space) {
  std::vector<BitAddress> addresses;
  for (uint64_t id : numbers_of(words, "--bit", space.size()))
    addresses.push_back(space.address(static_cast<BitId>(id)));
  return addresses;
}

std::vector<BitAddress> fkeras_addresses(std::span<const std::string> words, const Model& model,
                                         bool with_biases) {
  FkerasOrder order(model, with_biases);
  std::vector<BitAddress> addresses;
  for (uint64_t index : numbers_of(words, "--fkeras_bit", order.size()))
    addresses.push_back(order.address(index));
  return addresses;
}

std::string bit_table(const Model& model, const BitSpace& space, std::span<const BitAddress> addresses) {
  FkerasOrder order(model), kernels(model, false);
  std::vector<Owner> owners = owners_of(model);
  std::vector<bool> leaves_out(model.parameters().size());
  for (const BitSpace::Segment& segment : space.segments()) {
    size_t elements = model.parameters()[static_cast<size_t>(segment.parameter)].codes.size();
    leaves_out[static_cast<size_t>(segment.parameter)] =
        segment.end - segment.begin < elements * static_cast<size_t>(segment.bits);
  }
  TextTable table({"bit id", "layer", "tensor", "index", "bit", "code", "value", "flipped code",
                   "flipped value", "FKeras bit", "of kernels"});
  for (const BitAddress& at : addresses) {
    auto index = static_cast<size_t>(at.parameter);
    const Parameter& parameter = model.parameters()[index];
    auto element = static_cast<size_t>(at.element);
    bool is_absent = leaves_out[index] && parameter.pruned[element] != 0;
    int32_t code = parameter.codes[element], flipped = flipped_code(parameter, code, at.bit);
    table.add({is_absent ? "-" : std::to_string(space.id(at)), printable(owners[index].layer, kMaxNameBytes),
               owners[index].role, place_text(parameter.shape, at.element), std::to_string(at.bit),
               std::to_string(code), value_text(parameter, code), std::to_string(flipped),
               value_text(parameter, flipped), number_or_dash(order.index(at)),
               number_or_dash(kernels.index(at))});
  }
  return table.text();
}

}  // namespace netsurf
