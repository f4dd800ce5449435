#include "models/datasets_layouts.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "models/datasets_files.h"
#include "models/datasets_wafers.h"
#include "models/idx.h"
#include "models/npy.h"
#include "models/npz.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

struct Place {
  fs::path folder;
  std::string name;  // of the data set
  Halves halves;
  const KnownDataset* known;  // null for the user's own sets

  int num_classes() const { return known ? known->num_classes : 0; }
};

bool is_present(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// The first of `path` and `path`.gz that is there.
std::optional<fs::path> find_plain_or_gzip(const fs::path& path) {
  fs::path zipped = path;
  zipped += ".gz";
  for (const fs::path& candidate : {path, zipped}) {
    if (is_present(candidate)) return candidate;
  }
  return std::nullopt;
}

fs::path require(const Place& place, const std::string& file, const std::string& shown) {
  std::optional<fs::path> path = find_plain_or_gzip(place.folder / file);
  if (path) return *path;
  throw InputError("data set " + place.name + ": " + shown + " is missing in " + place.folder.string() +
                   ", where other files of the set are; " +
                   (place.known ? "run `" + std::string(place.known->remedy) + "`" : "add it there"));
}

// IDX files under the official names.

constexpr std::array<const char*, 4> kIdxFiles = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                                  "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

bool has_idx(const Place& place) {
  for (const char* file : kIdxFiles) {
    if (find_plain_or_gzip(place.folder / file)) return true;
  }
  return false;
}

LabelledSamples read_idx_pair(const Place& place, const std::string& images, const std::string& labels) {
  fs::path images_path = require(place, images, images + " or " + images + ".gz");
  fs::path labels_path = require(place, labels, labels + " or " + labels + ".gz");
  return make_samples(read_idx(images_path, 3), images_path.string(), read_idx(labels_path, 1),
                      labels_path.string(), place.num_classes());
}

RawDataset read_idx_files(const Place& place) {
  RawDataset raw;
  if (place.halves == Halves::both) raw.train = read_idx_pair(place, kIdxFiles[0], kIdxFiles[1]);
  raw.test = read_idx_pair(place, kIdxFiles[2], kIdxFiles[3]);
  return raw;
}

// Four arrays, as .npy files or in one .npz archive.

const std::vector<std::string> kArrayKeys = {"x_train", "y_train", "x_test", "y_test"};

bool has_npy(const Place& place) {
  for (const std::string& key : kArrayKeys) {
    if (is_present(place.folder / (key + ".npy"))) return true;
  }
  return false;
}

RawDataset read_npy_files(const Place& place) {
  auto read_pair = [&](const std::string& half) {
    std::array<fs::path, 2> paths;
    for (size_t i = 0; i < 2; ++i) {
      std::string file = (i == 0 ? "x_" : "y_") + half + ".npy";
      paths[i] = place.folder / file;
      if (!is_present(paths[i])) require(place, file, file);
    }
    return make_samples(read_npy(paths[0]), paths[0].string(), read_npy(paths[1]), paths[1].string(),
                        place.num_classes());
  };
  RawDataset raw;
  if (place.halves == Halves::both) raw.train = read_pair("train");
  raw.test = read_pair("test");
  return raw;
}

std::optional<fs::path> find_npz(const Place& place) {
  std::string file = place.name + ".npz";
  for (const fs::path& path : {place.folder / file, place.folder.parent_path() / file}) {
    if (is_present(path)) return path;
  }
  return std::nullopt;
}

bool has_npz(const Place& place) { return find_npz(place).has_value(); }

RawDataset read_npz_file(const Place& place) {
  fs::path path = *find_npz(place);
  std::vector<std::string> keys = kArrayKeys;
  if (place.halves == Halves::test_only) keys.erase(keys.begin(), keys.begin() + 2);
  std::map<std::string, NumberArray> arrays = read_npz(path, keys);
  for (const std::string& key : keys) {
    if (!arrays.contains(key)) {
      throw FormatError(path.string() + ": no array " + key +
                        ", expected x_train, y_train, x_test and y_test");
    }
  }
  auto make_pair = [&](const std::string& half) {
    return make_samples(std::move(arrays["x_" + half]), path.string() + ": x_" + half, arrays["y_" + half],
                        path.string() + ": y_" + half, place.num_classes());
  };
  RawDataset raw;
  if (place.halves == Halves::both) raw.train = make_pair("train");
  raw.test = make_pair("test");
  return raw;
}

// Tables.

bool has_csv_pair(const Place& place) {
  return find_plain_or_gzip(place.folder / "train.csv") || find_plain_or_gzip(place.folder / "test.csv");
}

LabelledSamples read_table(const Place& place, const std::string& file) {
  fs::path path = require(place, file, file + " or " + file + ".gz");
  return make_samples(read_csv(path), path.string(), place.num_classes());
}

RawDataset read_csv_pair(const Place& place) {
  RawDataset raw;
  if (place.halves == Halves::both) raw.train = read_table(place, "train.csv");
  raw.test = read_table(place, "test.csv");
  return raw;
}

bool has_single_csv(const Place& place) { return find_plain_or_gzip(place.folder / "data.csv").has_value(); }

RawDataset read_single_csv(const Place& place) {
  RawDataset raw;
  raw.whole = read_table(place, "data.csv");
  return raw;
}

// HGCal charges: every table of the folder, in the order of their names.

std::vector<fs::path> wafer_files(const Place& place) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(place.folder, error)) {
    if (entry.path().extension() == ".csv" && read_wafer_header(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool has_wafers(const Place& place) { return !wafer_files(place).empty(); }

RawDataset read_wafers(const Place& place) {
  NumberArray images;
  for (const fs::path& file : wafer_files(place)) {
    NumberArray more = read_inputs(file);
    if (images.shape.empty()) images.shape = {0, 8, 8, 1};
    images.shape[0] += more.shape[0];
    images.values.insert(images.values.end(), more.values.begin(), more.values.end());
  }
  RawDataset raw;
  raw.whole = make_samples(std::move(images), place.folder.string());
  return raw;
}

// Samples to measure on, without a training half.

bool has_samples(const Place& place) { return has_sample_folder(place.folder); }

RawDataset read_samples(const Place& place) {
  RawDataset raw;
  raw.test = read_sample_folder(place.folder, place.num_classes());
  return raw;
}

struct Layout {
  bool (*is_there)(const Place&);
  RawDataset (*read)(const Place&);
};

constexpr std::array kLayouts = {
    Layout{has_idx, read_idx_files},         Layout{has_npy, read_npy_files},
    Layout{has_npz, read_npz_file},          Layout{has_csv_pair, read_csv_pair},
    Layout{has_single_csv, read_single_csv}, Layout{has_wafers, read_wafers},
    Layout{has_samples, read_samples},
};

}  // namespace

std::optional<RawDataset> read_layout(const fs::path& datasets_dir, const std::string& name, Halves halves,
                                      const KnownDataset* known) {
  Place place{datasets_dir / name, name, halves, known};
  for (const Layout& layout : kLayouts) {
    if (layout.is_there(place)) return layout.read(place);
  }
  if (!is_present(place.folder)) return std::nullopt;
  std::string remedy = known ? "; run `" + std::string(known->remedy) + "`" : "";
  throw InputError(
      "data set " + name + ": " + place.folder.string() +
      " holds none of train-images-idx3-ubyte(.gz) and its three siblings, x_train.npy and its " +
      "three siblings, " + name +
      ".npz, train.csv and test.csv, data.csv, HGCal charges, or samples alone (x.npy, features.csv, ...)" +
      remedy);
}

}  // namespace netsurf
