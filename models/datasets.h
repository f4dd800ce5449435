// Data sets by name: the known ones, and the user's own folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "engine/model/dataset.h"

namespace netsurf {

/// A data set that NetSurf knows by name.
struct KnownDataset {
  std::string_view name;
  std::string_view summary;  // one line for a person
  int num_classes;
  std::string_view remedy;  // what to do when it is not there
};

std::span<const KnownDataset> known_datasets();

enum class Halves : uint8_t {
  both,       // train, validation and test
  test_only,  // train and validation stay empty where test has files of its own; enough to evaluate
};

/// Loads `datasets_dir`/`name` (layouts: models/README.md) with the values as stored: MNIST's pixels are
/// 0..255. Images [N, H, W] get shape {H, W, 1}. Where the set has a test half, the last twelfth of its train
/// half is validation; a set in one file is cut 70/10/20 by a fixed permutation. Throws InputError when the
/// set or a file of it is missing or name is no plain name, FormatError when a file is not what it claims to
/// be or the files contradict each other.
Dataset load_dataset(std::string_view name, const std::filesystem::path& datasets_dir,
                     Halves halves = Halves::both);

/// Samples from one or two files named by their paths (models/datasets_files.h): all of them are the test
/// split.
Dataset load_dataset_files(std::span<const std::filesystem::path> files, bool with_answers);

/// Images stored [channels, height, width] become channels last, in every split. Throws InputError when the
/// samples are no images.
void turn_channels_last(Dataset& dataset);

/// value x scale + offset for every input value of every split (and every target of a reconstruction),
/// computed in double and rounded once. Throws InputError unless both numbers are finite.
void rescale(Dataset& dataset, double scale, double offset);

}  // namespace netsurf
