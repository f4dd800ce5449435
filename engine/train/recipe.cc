#include "engine/train/recipe.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr std::string_view kDigestDomain = "netsurf training recipe 1";
constexpr std::string_view kLayerPrefix = "layer ";
constexpr const char* kSettingsNote = "recipe";
constexpr const char* kLayersNote = "recipe_layers";
constexpr const char* kDigestNote = "recipe_digest";

std::string pair_text(int first, int second) { return std::to_string(first) + "x" + std::to_string(second); }

std::string attribute_text(const LayerSpec& layer, std::string_view attribute) {
  if (attribute == "units" || attribute == "filters") return std::to_string(layer.units);
  if (attribute == "kernel") return pair_text(layer.window.height, layer.window.width);
  if (attribute == "stride") return pair_text(layer.window.stride_y, layer.window.stride_x);
  if (attribute == "dilation") return pair_text(layer.window.dilation_y, layer.window.dilation_x);
  if (attribute == "padding") return layer.same_padding ? "same" : "valid";
  if (attribute == "groups") return std::to_string(layer.groups);
  if (attribute == "bias") return layer.has_bias ? "yes" : "no";
  if (attribute == "l1") return exact_text(layer.l1);
  if (attribute == "l2") return exact_text(layer.l2);
  if (attribute == "rate") return exact_text(layer.rate);
  if (attribute == "shape") return shape_text(layer.shape);
  if (attribute == "format") return layer.format ? layer.format->text() : "scheme";
  return "?";  // a test sees to it that this is never reached
}

std::string layer_text(const Benchmark& benchmark, const LayerSpec& layer) {
  std::string text = std::string(name_of(layer.kind)) + " name=" + layer.name + " from=";
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    int from = layer.inputs[i];
    text += (i > 0 ? "," : "") +
            (from == kNetworkInput ? "input" : benchmark.layers[static_cast<size_t>(from)].name);
  }
  for (const std::string& attribute : split(kSpecKinds[static_cast<size_t>(layer.kind)].attributes, " "))
    text += " " + attribute + "=" + attribute_text(layer, attribute);
  return text;
}

template <class Names, class Value>
std::string named(const Names& names, Value value) {
  return std::string(names[static_cast<size_t>(value)]);
}

std::string digest_of(const Recipe& recipe) {
  Digest digest;
  digest.add(kDigestDomain);
  for (const auto& [setting, value] : recipe) digest.add(setting).add(value);
  return digest.hex();
}

/// What recipe_notes wrote into one note; words it did not write are left out.
void read_settings(const std::map<std::string, std::string>& notes, const char* note,
                   std::map<std::string, std::string>& settings) {
  auto found = notes.find(note);
  if (found == notes.end()) return;
  for (const std::string& piece : split(found->second, ";")) {
    std::string_view text = trim(piece);
    size_t equals = text.find('=');
    if (equals != std::string_view::npos) settings.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
}

}  // namespace

std::string exact_text(double number) {
  std::array<char, 32> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return error == std::errc() ? std::string(buffer.data(), end) : "";
}

TrainOptions resolved(const Benchmark& benchmark, TrainOptions options) {
  if (!options.quantization) options.quantization = benchmark.quantization;
  if (options.epochs == 0) options.epochs = benchmark.epochs;
  if (options.batch_size == 0) options.batch_size = benchmark.batch_size;
  if (options.learning_rate == 0) options.learning_rate = benchmark.learning_rate;
  if (!options.batch_norm) options.batch_norm = benchmark.batch_norm;
  auto refuse = [](const std::string& what, double found, const std::string& expected) {
    throw InputError(what + " is " + exact_text(found) + ", expected " + expected);
  };
  if (options.epochs < 1) refuse("epochs", options.epochs, "1 or more");
  if (options.batch_size < 1) refuse("batch_size", options.batch_size, "1 or more");
  if (!(options.learning_rate > 0)) refuse("learning_rate", options.learning_rate, "a number above 0");
  if (options.max_train_samples < 0)
    refuse("max_train_samples", static_cast<double>(options.max_train_samples), "0 (all) or more");
  if (options.bias_bits < 0 || options.bias_bits > kMaxParameterBits) {
    refuse("bias_bits", options.bias_bits, "0 (as many as needed) to " + std::to_string(kMaxParameterBits));
  }
  if (options.affine_bits < 2 || options.affine_bits > 24)
    refuse("affine_bits", options.affine_bits, "2 to 24");
  return options;
}

Recipe training_recipe(const Benchmark& benchmark, const TrainOptions& given) {
  TrainOptions options = resolved(benchmark, given);
  Recipe recipe = {
      {"dataset", benchmark.dataset},
      {"task", named(kTaskNames, benchmark.task)},
      {"input_shape", shape_text(benchmark.input_shape)},
      {"input_scale", exact_text(benchmark.input_scale)},
      {"input_offset", exact_text(benchmark.input_offset)},
      {"input_format", benchmark.input_format.text()},
      {"quantization", options.quantization->text()},
      {"prune", options.prune.text()},
      {"epochs", std::to_string(options.epochs)},
      {"batch_size", std::to_string(options.batch_size)},
      {"max_train_samples",
       options.max_train_samples == 0 ? "all" : std::to_string(options.max_train_samples)},
      {"bias_bits", std::to_string(options.bias_bits)},
      {"affine_bits", std::to_string(options.affine_bits)},
      {"batch_norm", named(kBatchNormNames, *options.batch_norm)},
      {"loss", named(kLossNames, benchmark.loss)},
      {"optimizer", named(kOptimizerNames, benchmark.optimizer)},
      {"learning_rate", exact_text(options.learning_rate)},
      {"decay", named(kDecayNames, benchmark.decay)},
      {"logit_scale", exact_text(benchmark.logit_scale)},
      {"early_stopping", std::to_string(benchmark.early_stopping)},
      {"plateau_patience", std::to_string(benchmark.plateau_patience)},
  };
  auto add = [&](const char* setting, std::string value) { recipe.emplace_back(setting, std::move(value)); };
  if (benchmark.optimizer == OptimizerKind::sgd) add("momentum", exact_text(benchmark.momentum));
  if (benchmark.early_stopping > 0 || benchmark.plateau_patience > 0)
    add("monitor", named(kMonitorNames, benchmark.monitor));
  if (benchmark.plateau_patience > 0) add("plateau_factor", exact_text(benchmark.plateau_factor));
  if (!options.prune.is_zero()) {
    add("prune_start", std::to_string(benchmark.prune_start));
    add("prune_end", std::to_string(benchmark.prune_end));
    add("prune_frequency", std::to_string(benchmark.prune_frequency));
  }
  for (size_t i = 0; i < benchmark.layers.size(); ++i) {
    recipe.emplace_back(std::string(kLayerPrefix) + std::to_string(i + 1),
                        layer_text(benchmark, benchmark.layers[i]));
  }
  return recipe;
}

std::map<std::string, std::string> recipe_notes(const Recipe& recipe) {
  std::map<std::string, std::string> notes = {{kDigestNote, digest_of(recipe)}};
  for (const auto& [setting, value] : recipe) {
    std::string& note = notes[setting.starts_with(kLayerPrefix) ? kLayersNote : kSettingsNote];
    note += (note.empty() ? "" : "; ") + setting + "=" + value;
  }
  return notes;
}

RecipeCheck compare_recipe(const std::map<std::string, std::string>& notes, const Recipe& recipe) {
  RecipeCheck check;
  auto digest = notes.find(kDigestNote);
  if (digest == notes.end()) return check;
  if (digest->second == digest_of(recipe)) {
    check.verdict = RecipeCheck::Verdict::same;
    return check;
  }
  check.verdict = RecipeCheck::Verdict::different;
  std::map<std::string, std::string> there;
  read_settings(notes, kSettingsNote, there);
  read_settings(notes, kLayersNote, there);
  if (there.empty()) return check;
  for (const auto& [setting, value] : recipe) {
    auto found = there.find(setting);
    if (found == there.end()) {
      check.differences.push_back(setting + " is nothing there, " + value + " here");
    } else if (found->second != value) {
      check.differences.push_back(setting + " is " + found->second + " there, " + value + " here");
    }
    if (found != there.end()) there.erase(found);
  }
  for (const auto& [setting, value] : there)
    check.differences.push_back(setting + " is " + value + " there, nothing here");
  return check;
}

}  // namespace netsurf
