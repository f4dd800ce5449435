#include "models/datasets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/datasets_files.h"
#include "models/datasets_layouts.h"
#include "models/datasets_samples.h"
#include "models/datasets_split.h"
#include "models/digits.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr std::array kKnownDatasets = {
    KnownDataset{"digits", "1797 handwritten digits of 8x8 pixels 0..16, from scikit-learn", 10,
                 "apt-get install python3-sklearn"},
    KnownDataset{"fashion_mnist", "60000 + 10000 pieces of clothing, 28x28 pixels 0..255", 10,
                 "netsurf data get fashion_mnist"},
    KnownDataset{"mnist", "60000 + 10000 handwritten digits, 28x28 pixels 0..255", 10,
                 "netsurf data get mnist"},
};

const KnownDataset* find_known(std::string_view name) {
  auto row = std::find_if(kKnownDatasets.begin(), kKnownDatasets.end(),
                          [&](const auto& k) { return k.name == name; });
  return row == kKnownDatasets.end() ? nullptr : &*row;
}

void check_name(std::string_view name) {
  bool is_plain =
      !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '_' || c == '-' || c == '.';
      });
  if (!is_plain) {
    throw InputError("data set name \"" + std::string(name) +
                     "\", expected letters, digits, _ - and . only, " +
                     "naming a folder of the data sets' folder");
  }
}

[[noreturn]] void fail_missing(const std::string& name, const fs::path& datasets_dir) {
  if (const KnownDataset* known = find_known(name)) {
    throw InputError("data set " + name + " is not in " + (datasets_dir / name).string() + "; run `" +
                     std::string(known->remedy) + "`, or name another folder with --datasets_dir");
  }
  std::vector<std::string> names;
  for (const KnownDataset& known : kKnownDatasets) names.emplace_back(known.name);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(datasets_dir, error)) {
    if (entry.is_directory(error) && !find_known(entry.path().filename().string())) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  throw InputError(unknown_word_message("data set", name, names) + "; looked in " + datasets_dir.string());
}

std::string task_text(Task task) {
  return task == Task::classification ? "labels"
         : task == Task::regression   ? "regression targets"
                                      : "no answers";
}

/// Throws FormatError when the halves do not belong to one data set.
void check_halves_agree(const LabelledSamples& train, const LabelledSamples& test) {
  std::string problem;
  if (train.samples.shape != test.samples.shape) {
    problem = "samples of shape " + shape_text(test.samples.shape) + ", expected " +
              shape_text(train.samples.shape);
  } else if (train.task != test.task) {
    problem = task_text(test.task) + ", expected " + task_text(train.task);
  } else if (train.samples.num_targets != test.samples.num_targets) {
    problem = std::to_string(test.samples.num_targets) + " targets a sample, expected " +
              std::to_string(train.samples.num_targets);
  } else if (test.num_classes > train.num_classes) {
    problem = "labels up to " + std::to_string(test.num_classes - 1) + ", expected at most " +
              std::to_string(train.num_classes - 1);
  }
  if (!problem.empty()) {
    throw FormatError(test.answers_name + ": the test half has " + problem + " as in " + train.answers_name);
  }
}

Dataset assemble(const std::string& name, RawDataset raw, int known_classes) {
  Dataset dataset;
  dataset.name = name;
  const LabelledSamples& first = raw.whole ? *raw.whole : raw.train ? *raw.train : *raw.test;
  dataset.task = first.task;
  dataset.num_classes = std::max(known_classes, first.num_classes);
  if (raw.whole) {
    split_whole(raw.whole->samples, dataset);
    return dataset;
  }
  if (raw.train) {
    check_halves_agree(*raw.train, *raw.test);
    dataset.train = std::move(raw.train->samples);
    split_off_validation(dataset);
  }
  dataset.test = std::move(raw.test->samples);
  return dataset;
}

}  // namespace

std::span<const KnownDataset> known_datasets() { return kKnownDatasets; }

Dataset load_dataset(std::string_view name_view, const fs::path& datasets_dir, Halves halves) {
  std::string name(name_view);
  check_name(name);
  if (name == "digits") return load_digits(datasets_dir);
  const KnownDataset* known = find_known(name);
  std::optional<RawDataset> raw = read_layout(datasets_dir, name, halves, known);
  if (!raw) fail_missing(name, datasets_dir);
  return assemble(name, std::move(*raw), known ? known->num_classes : 0);
}

Dataset load_dataset_files(std::span<const fs::path> files, bool with_answers) {
  std::string name;
  for (const fs::path& file : files) name += (name.empty() ? "" : " + ") + file.filename().string();
  RawDataset raw;
  raw.test = read_sample_files(files, with_answers);
  return assemble(name, std::move(raw), 0);
}

void turn_channels_last(Dataset& dataset) {
  for (Samples* samples : {&dataset.train, &dataset.validation, &dataset.test}) {
    if (samples->count == 0) continue;
    if (samples->shape.size() != 3) {
      throw InputError("data set " + dataset.name + ": samples of shape " + shape_text(samples->shape) +
                       " are no images stored channels first");
    }
    auto channels = static_cast<size_t>(samples->shape[0]);
    size_t pixels = static_cast<size_t>(samples->sample_size()) / channels;
    std::vector<float> turned(samples->values.size());
    for (size_t from = 0; from < turned.size(); ++from) {
      size_t place = from % (channels * pixels);
      turned[from - place + place % pixels * channels + place / pixels] = samples->values[from];
    }
    samples->values = std::move(turned);
    std::rotate(samples->shape.begin(), samples->shape.begin() + 1, samples->shape.end());
  }
}

void rescale(Dataset& dataset, double scale, double offset) {
  if (!std::isfinite(scale) || !std::isfinite(offset)) {
    throw InputError("data set " + dataset.name + ": scale " + std::to_string(scale) + " and offset " +
                     std::to_string(offset) + ", expected finite numbers");
  }
  auto apply = [&](std::vector<float>& values) {
    for (float& value : values) value = static_cast<float>(static_cast<double>(value) * scale + offset);
  };
  for (Samples* samples : {&dataset.train, &dataset.validation, &dataset.test}) {
    apply(samples->values);
    if (dataset.task == Task::reconstruction) apply(samples->targets);
  }
}

}  // namespace netsurf
