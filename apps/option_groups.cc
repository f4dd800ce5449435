#include "apps/option_groups.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/faults/fault_table.h"

namespace netsurf {
namespace {

constexpr uint64_t kMaxFaultTableBytes = uint64_t{1} << 30;

/// key=value words. Throws InputError for anything else.
std::map<std::string, std::string> keyed_words(std::span<const std::string> words, std::string_view what) {
  std::map<std::string, std::string> values;
  for (const std::string& word : words) {
    size_t equals = word.find('=');
    if (equals == std::string::npos)
      throw InputError(std::string(what) + " \"" + word + "\" is not of the form key=value");
    std::string key = word.substr(0, equals);
    if (!values.emplace(key, word.substr(equals + 1)).second)
      throw InputError(std::string(what) + " was given " + key + " twice; give it once");
  }
  return values;
}

bool has_setting(const RankerRow& row, std::string_view name) {
  return std::any_of(row.options.begin(), row.options.end(),
                     [&](const RankerOption& option) { return option.name == name; });
}

/// Throws InputError for a key that none of the methods knows: several are meant where "all" was asked for.
void check_keywords(const std::string& asked, std::span<const std::string> methods,
                    const std::map<std::string, std::string>& words) {
  for (const auto& [key, value] : words) {
    std::vector<std::string> known = {"order"};
    for (const std::string& method : methods) {
      for (const RankerOption& option : find_ranker(method).options) known.emplace_back(option.name);
    }
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    throw InputError(unknown_word_message("method " + asked + " keyword", key, known));
  }
}

MethodRequest method_request(const std::string& method, std::map<std::string, std::string> words,
                             const std::string& suffix, const Arguments& arguments) {
  const RankerRow& row = find_ranker(method);
  MethodRequest request{method, row.order, suffix, {}};
  if (arguments.has("order")) request.order = parse_order_mode(arguments.text("order"));
  if (words.contains("order")) request.order = parse_order_mode(words["order"]);
  if (arguments.flag("normalize")) words.emplace("normalize_score", "1");
  std::erase_if(words, [&](const auto& word) { return !has_setting(row, word.first); });
  request.settings = RankerSettings(method, row.options, words);
  return request;
}

}  // namespace

std::vector<UnitDecimal> decimals_of(const Arguments& arguments, std::string_view name,
                                     std::string_view what) {
  std::vector<UnitDecimal> values;
  for (const std::string& text : arguments.list(name)) values.push_back(UnitDecimal::parse(text, what));
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

void check_name_part(std::string_view option, const std::string& text) {
  bool is_plain =
      std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (text.find('/') != std::string::npos || text.find("..") != std::string::npos || !is_plain) {
    throw InputError("--" + std::string(option) + " \"" + text +
                     "\" becomes part of a file's name and may not hold /, .. or control characters");
  }
}

FaultTable read_fault_table(const std::string& path) {
  return parse_fault_table(read_file(path, kMaxFaultTableBytes), path);
}

std::vector<Option> join_options(std::initializer_list<std::vector<Option>> groups) {
  std::vector<Option> all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

std::vector<Option> place_options() {
  return {
      {"benchmarks_dir", "DIR", "netsurf-results", "where models, rankings and results go", false, "workdir"},
      {"datasets_dir", "DIR", "datasets", "where data sets are: DIR/mnist/train-images-idx3-ubyte.gz, ..."},
  };
}

std::vector<Option> training_options() {
  return {
      {"quantization", "Q", "", "scheme of kernels and activations, such as q<6,0,1> or q6_0_1"},
      {"bits_config", "KEY=N", "", "the same as num_bits=6 integer=0 (signed)", true},
      {"prune", "P", "0", "shares of every kernel to prune, each a model of its own", true},
      {"epochs", "N", "", "passes over the training data (default: the benchmark's)"},
      {"learning_rate", "R", "", "step size (default: the benchmark's)"},
      {"training_batch", "N", "", "samples per training step (default: the benchmark's)"},
      {"max_train_samples", "N", "", "train on at most N samples"},
      {"bias_bits", "N", "0", "bits of biases; 0: as many as the trained ones need"},
      {"affine_bits", "N", "16", "bits of affine scales and shifts"},
      {"batch_norm", "MODE", "", "affine or fold: how a batch norm is frozen (default: the benchmark's)"},
      {"train_model", "", "", "train even if a model is there already", false, "no-load_weights"},
      {"model_prefix", "TEXT", "", "prefix of the model's folder"},
  };
}

std::vector<Option> ranking_options() {
  return {
      {"method", "NAME", "", "how to rank bits: a ranker's name, or all (netsurf rank without it: incontext)",
       true, "methods"},
      {"method_suffix", "TEXT", "", "free text kept with a ranking, one per method", true},
      {"method_kws", "KEY=VALUE", "",
       "a method's settings, the flag once per method: --method random bitwise_msb --method_kws order=global "
       "--method_kws order=planes",
       true},
      {"order", "MODE", "",
       "planes: complete bit planes first, as the original; global: score first (default: the method's own)"},
      {"rank_samples", "N", "2000", "training samples that rankers read; the same ones for every method"},
      {"normalize", "", "", "scale the scores of every tensor to [0, 1], for the methods that can"},
      {"pruned", "MODE", "absent",
       "bits of pruned weights: absent, or stored (hardware that keeps the zeros)"},
      {"overwrite_ranking", "", "", "rank anew even if a ranking is there already", false,
       "no-reload_ranking"},
  };
}

Option split_option() {
  return {"split", "NAME", "test", "samples to measure on: train, validation or test"};
}

Option pruned_option() { return {"pruned", "MODE", "absent", "bits of pruned weights: absent, or stored"}; }

std::vector<Option> grid_options() {
  return {
      {"ber_range", "R", "0.001,0.00167,0.00278,0.00464,0.00774,0.01292,0.02154,0.03594,0.05995,0.1",
       "bit error rates", true},
      {"protection_range", "P", "0,0.2,0.4,0.6,0.8", "shares of the ranking made immune", true, "tmr_range"},
  };
}

std::vector<Option> fault_options() {
  return join_options({grid_options(),
                       {{"num_reps", "N", "100", "trials per cell; -1: one pass of fault model coverage"},
                        {"until_halfwidth", "W", "",
                         "in place of --num_reps: go on until the 95 % interval of the accuracy is this "
                         "narrow to either side"},
                        {"max_trials", "N", "1000000", "with --until_halfwidth: stop here at the latest"},
                        {"fault_model", "NAME", "bernoulli", "bernoulli, exact, coverage or list"},
                        {"design", "NAME", "independent",
                         "independent, or rotation (less variance of means; bernoulli up to BER 0.1)"},
                        {"faults", "FILE", "",
                         "fault lists, one trial a line, bit ids: fault model list, in place of "
                         "--ber_range and --num_reps"},
                        split_option(),
                        {"metrics", "NAME", "accuracy,loss",
                         "what to measure: accuracy always is; without loss it is faster", true}}});
}

std::vector<Option> machine_options() {
  return join_options(
      {{{"threads", "N", "0", "threads; 0: all cores. Results do not depend on it", false, "t"},
        {"batch", "N", "0", "trials per transaction; 0: about a second's worth. Results do not depend on it",
         false, "injection_batch_size"}},
       session_options(),
       {{"audit", "F", "0",
         "share of the trials, such as 0.01, to run again on path plain; stops with an error at the first "
         "that differs"}}});
}

void refuse_overwriting(const Arguments& arguments, std::string_view output,
                        std::initializer_list<std::string_view> inputs) {
  if (!arguments.has(output)) return;
  const std::string file = arguments.text(output);
  for (std::string_view input : inputs) {
    if (!arguments.has(input)) continue;
    for (const std::vector<std::string>& given : arguments.occurrences(input)) {
      for (const std::string& each : given) {
        std::error_code error;
        if (std::filesystem::equivalent(each, file, error))
          throw InputError("--" + std::string(output) + " " + file + " is the --" + std::string(input) +
                           "; choose another name");
      }
    }
  }
}

uint64_t seed_of(const Arguments& arguments) {
  return static_cast<uint64_t>(arguments.integer("seed", 0, INT64_MAX));
}

std::filesystem::path datasets_dir_of(const Arguments& arguments) { return arguments.text("datasets_dir"); }

std::optional<Format> quantization_of(const Arguments& arguments) {
  std::optional<Format> format;
  if (arguments.has("quantization")) format = Format::parse(arguments.text("quantization"));
  if (arguments.has("bits_config")) {
    static const std::vector<std::string> kKeys = {"num_bits", "integer", "keep_negative"};
    auto words = keyed_words(arguments.list("bits_config"), "--bits_config");
    for (const auto& [key, value] : words) {
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
        throw InputError(unknown_word_message("--bits_config keyword", key, kKeys));
    }
    if (!words.contains("num_bits") || !words.contains("integer")) {
      throw InputError(
          "--bits_config needs num_bits and integer, for example --bits_config num_bits=6 integer=0");
    }
    std::string sign = words.contains("keep_negative") ? words["keep_negative"] : "1";
    Format spelled = Format::parse("q<" + words["num_bits"] + "," + words["integer"] + "," + sign + ">");
    if (format && !(*format == spelled)) {
      throw InputError("--quantization says " + format->text() + " but --bits_config says " + spelled.text() +
                       "; give one of them");
    }
    format = spelled;
  }
  return format;
}

TrainOptions train_options_of(const Arguments& arguments) {
  TrainOptions options;
  options.quantization = quantization_of(arguments);
  options.seed = seed_of(arguments);
  if (arguments.has("epochs")) options.epochs = static_cast<int>(arguments.integer("epochs", 1, 100000));
  if (arguments.has("learning_rate")) options.learning_rate = arguments.real("learning_rate", 1e-9, 1e3);
  if (arguments.has("training_batch"))
    options.batch_size = static_cast<int>(arguments.integer("training_batch", 1, 65536));
  if (arguments.has("max_train_samples"))
    options.max_train_samples = arguments.integer("max_train_samples", 1, INT32_MAX);
  options.bias_bits = static_cast<int>(arguments.integer("bias_bits", 0, kMaxParameterBits));
  options.affine_bits = static_cast<int>(arguments.integer("affine_bits", 2, 24));
  options.num_threads = threads_of(arguments);
  if (arguments.has("batch_norm")) {
    std::string mode = arguments.text("batch_norm");
    static const std::vector<std::string> kModes(kBatchNormNames.begin(), kBatchNormNames.end());
    auto found = std::find(kModes.begin(), kModes.end(), mode);
    if (found == kModes.end()) throw InputError(unknown_word_message("--batch_norm", mode, kModes));
    options.batch_norm = static_cast<BatchNormMode>(found - kModes.begin());
  }
  return options;
}

std::vector<UnitDecimal> prunes_of(const Arguments& arguments) {
  std::vector<UnitDecimal> prunes = decimals_of(arguments, "prune", "pruning factor");
  if (!prunes.empty() && prunes.back().is_one())
    throw InputError("pruning factor 1 leaves no weights; use less than 1");
  return prunes;
}

int64_t rank_samples_of(const Arguments& arguments) {
  return arguments.integer("rank_samples", 1, INT32_MAX);
}

int threads_of(const Arguments& arguments) { return static_cast<int>(arguments.integer("threads", 0, 1024)); }

BitSpace::Pruned pruned_of(const Arguments& arguments) {
  static const std::vector<std::string> kModes = {"absent", "stored"};
  std::string mode = arguments.text("pruned");
  if (mode == kModes[0]) return BitSpace::Pruned::absent;
  if (mode == kModes[1]) return BitSpace::Pruned::stored;
  throw InputError(unknown_word_message("--pruned", mode, kModes));
}

std::vector<MethodRequest> methods_of(const Arguments& arguments, std::string_view fallback) {
  std::vector<std::string> names = arguments.list("method");
  if (names.empty() && !fallback.empty()) names.emplace_back(fallback);
  std::vector<std::string> suffixes = arguments.list("method_suffix");
  std::vector<std::vector<std::string>> keywords = arguments.occurrences("method_kws");
  auto check_count = [&](size_t count, const char* flag) {
    if (count > 0 && count != names.size()) {
      throw InputError(std::string(flag) + " was given " + std::to_string(count) + " times for " +
                       std::to_string(names.size()) + " methods; give it once per method or leave it out");
    }
  };
  check_count(suffixes.size(), "--method_suffix");
  for (const std::string& suffix : suffixes) check_name_part("method_suffix", suffix);
  check_count(keywords.size(), "--method_kws");
  std::vector<MethodRequest> requests;
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<std::string> expanded = expand_methods(std::span(&names[i], 1));
    std::map<std::string, std::string> words;
    if (!keywords.empty()) words = keyed_words(keywords[i], "method " + names[i]);
    check_keywords(names[i], expanded, words);
    for (const std::string& method : expanded) {
      MethodRequest request = method_request(method, words, suffixes.empty() ? "" : suffixes[i], arguments);
      if (std::find(requests.begin(), requests.end(), request) == requests.end()) requests.push_back(request);
    }
  }
  return requests;
}

}  // namespace netsurf
