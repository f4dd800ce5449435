#include "models/keras/weights.h"

#include <algorithm>
#include <cctype>

#include "engine/base/error.h"

namespace netsurf::keras {
namespace {

bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> pieces(1);
  for (char c : path) {
    if (c == '/') {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

constexpr size_t kMaxComponents = 16;

/// The group that holds the layers of a model whose group is `model`: Keras 3's name, or the one tf-keras
/// used in its
/// `.keras` files. "" when there is neither.
std::string container_of(const Hdf5Content& content, const std::string& model) {
  for (const char* name : {"layers", "_layer_checkpoint_dependencies"}) {
    std::string group = model.empty() ? name : model + "/" + name;
    if (content.groups.contains(group)) return group;
  }
  return "";
}

}  // namespace

std::string snake_case(std::string_view class_name) {
  std::string words;
  // A capital that begins a word (followed by a small letter) is set apart from any character before it.
  for (size_t i = 0; i < class_name.size(); ++i) {
    bool starts_word =
        i > 0 && is_upper(class_name[i]) && i + 1 < class_name.size() && is_lower(class_name[i + 1]);
    bool follows_small = i > 0 && is_upper(class_name[i]) && is_lower(class_name[i - 1]);
    if ((starts_word || follows_small) && words.back() != '_') words += '_';
    words += class_name[i];
  }
  for (char& c : words) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return words;
}

std::string WeightScope::numbered_group(const LayerConfig& layer) {
  std::string name = snake_case(layer.model             ? layer.class_name
                                : layer.wrapper.empty() ? layer.class_name
                                                        : layer.wrapper_class);
  int use = used_[name]++;
  return base_ + "/" + name + (use == 0 ? "" : "_" + std::to_string(use));
}

WeightPlace WeightScope::place(const LayerConfig& layer) {
  if (numbered_) return {numbered_group(layer) + (layer.wrapper.empty() ? "" : "/layer"), layer.name, false};
  if (!top_.empty()) return {top_, layer.name, true};
  return {base_ + layer.key(), layer.name, false};
}

WeightScope WeightScope::nested(const LayerConfig& layer) {
  WeightScope inner;
  inner.content_ = content_;
  inner.numbered_ = numbered_;
  if (numbered_) {
    inner.base_ = container_of(*content_, numbered_group(layer));
  } else {
    inner.top_ = top_.empty() ? base_ + layer.name : top_;
  }
  return inner;
}

Weights::Weights(const Hdf5Content& content) : content_(content) {
  std::vector<std::string> storage;
  bool whole = content.groups.contains("model_weights");
  base_ = whole ? "model_weights/" : "";
  if (content.texts(whole ? "model_weights" : "", "layer_names", storage) == nullptr) {
    numbered_ = true;
    base_ = container_of(content, "");
    if (base_.empty()) {
      throw FormatError(
          "has neither the attribute layer_names nor the group layers: no weights file of Keras (was it "
          "saved with "
          "save_weights or save?)");
    }
    return;
  }
  for (const auto& [group, attributes] : content.groups) {
    const std::vector<std::string>* names = content.texts(group, "weight_names", storage);
    if (names == nullptr || !group.starts_with(base_)) continue;
    auto& index = named_[group];
    for (const std::string& name : *names) {
      std::vector<std::string> pieces = components(name);
      if (pieces.size() > kMaxComponents) throw FormatError("weight " + quote(name) + " is nested too deep");
      std::string attribute = pieces.back().substr(0, pieces.back().find(':'));
      pieces.pop_back();
      std::string path = group + "/" + name;
      index[attribute].push_back(path);
      std::sort(pieces.begin(), pieces.end());
      pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
      for (const std::string& piece : pieces) index[piece + "/" + attribute].push_back(path);
    }
  }
}

WeightScope Weights::scope() const {
  WeightScope scope;
  scope.content_ = &content_;
  scope.numbered_ = numbered_;
  scope.base_ = base_;
  return scope;
}

std::string Weights::path_of(const WeightPlace& place, const std::string& where,
                             const std::string& attribute) const {
  auto group = named_.find(place.group);
  if (group == named_.end()) {
    throw FormatError(where + ": the weights file has no group " + quote(place.group) +
                      "; do architecture and weights belong together?");
  }
  std::string prefix = place.inside ? place.layer + "/" : "";
  auto found = group->second.find(prefix + attribute);
  // Keras 3 calls a depthwise layer's kernel just kernel.
  if (found == group->second.end() && attribute == "depthwise_kernel")
    found = group->second.find(prefix + "kernel");
  if (found == group->second.end()) {
    throw FormatError(where + ": the weights file has no " + attribute + " in group " + quote(place.group));
  }
  if (found->second.size() > 1) {
    throw FormatError(where + ": " + std::to_string(found->second.size()) + " tensors in group " +
                      quote(place.group) + " could be its " + attribute + ", among them " +
                      quote(found->second[0]));
  }
  return found->second[0];
}

const StoredTensor& Weights::find(const WeightPlace& place, const std::string& where,
                                  const std::string& attribute, int number, std::span<const int64_t> sizes,
                                  const std::string& child) const {
  std::string path =
      numbered_ ? place.group + (child.empty() ? "" : "/" + child) + "/vars/" + std::to_string(number)
                : path_of(place, where, attribute);
  if (numbered_) {
    // Keras 3 finds tensors by class and order alone; newer files also say whose they are.
    std::vector<std::string> storage;
    const auto* name = child.empty() ? content_.texts(place.group + "/vars", "name", storage) : nullptr;
    if (name != nullptr && name->size() == 1 && name->front() != place.layer) {
      throw FormatError(where + ": the weights file has " + quote(name->front()) + " in " +
                        quote(place.group) + "; do architecture and weights belong together?");
    }
  }
  auto found = content_.tensors.find(path);
  if (found == content_.tensors.end()) {
    throw FormatError(where + ": " + attribute + " is missing in the weights file (" + quote(path) + ")");
  }
  if (!std::equal(sizes.begin(), sizes.end(), found->second.sizes.begin(), found->second.sizes.end())) {
    throw FormatError(where + ": " + attribute + " has the shape " + shape_of(found->second.sizes) +
                      ", expected " + shape_of(sizes));
  }
  return found->second;
}

}  // namespace netsurf::keras
