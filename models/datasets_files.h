// Samples from files that are named one by one, and from folders that hold nothing but samples to measure on.
#pragma once

#include <filesystem>
#include <span>

#include "models/datasets_samples.h"

namespace netsurf {

/// The inputs: .npy, .npz (array x_test or x), or a table (plain or gzip'd text), every column an input. A
/// table of HGCal charges becomes images (datasets_wafers.h). Throws FormatError for what is no such file.
NumberArray read_inputs(const std::filesystem::path& file);

/// The answers: .npy, .npz (y_test or y), a table of numbers, or MLPerf Tiny's y_labels.csv with its lines
/// "file name,number of classes,class".
NumberArray read_answers(const std::filesystem::path& file);

/// One file: an .npz with its answers when it has some; a table whose answers are the column named label,
/// class or target, else the last one, when `with_answers`; else inputs alone. Two files: inputs and answers.
LabelledSamples read_sample_files(std::span<const std::filesystem::path> files, bool with_answers);

/// Whether read_sample_folder would find inputs.
bool has_sample_folder(const std::filesystem::path& folder);

/// The samples of a folder that holds inputs (x.npy, features.npy, .csv, .dat or .txt, or the only .npy
/// there) and, maybe, answers (y.npy, labels.npy, .csv, .dat or .txt, y_labels.csv; text also gzip'd).
/// REQUIRES: has_sample_folder.
LabelledSamples read_sample_folder(const std::filesystem::path& folder, int num_classes);

}  // namespace netsurf
