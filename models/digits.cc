#include "models/digits.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "engine/base/error.h"
#include "models/csv.h"
#include "models/datasets_samples.h"
#include "models/datasets_split.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRows = 1797, kPixels = 64;
constexpr int kClasses = 10;
constexpr float kMaxPixel = 16;

}  // namespace

std::vector<fs::path> system_package_folders() {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const char* root : {"/usr/local/lib", "/usr/lib", "/usr/lib64"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
      if (!entry.path().filename().string().starts_with("python3")) continue;
      for (const char* kind : {"dist-packages", "site-packages"}) {
        if (fs::is_directory(entry.path() / kind, error)) folders.push_back(entry.path() / kind);
      }
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

fs::path find_digits(const fs::path& datasets_dir, std::span<const fs::path> package_folders) {
  std::error_code error;
  fs::path own = datasets_dir / "digits" / "digits.csv.gz";
  if (fs::exists(own, error)) return own;
  for (const fs::path& folder : package_folders) {
    fs::path path = folder / "sklearn" / "datasets" / "data" / "digits.csv.gz";
    if (fs::exists(path, error)) return path;
  }
  throw InputError("data set digits: no " + own.string() +
                   ", and no scikit-learn among the system's Python packages; " +
                   "run `apt-get install python3-sklearn`, or copy digits.csv.gz there");
}

Dataset load_digits(const fs::path& datasets_dir) {
  fs::path path = find_digits(datasets_dir, system_package_folders());
  NumberTable table = read_csv(path);
  if (table.rows != kRows || table.columns != kPixels + 1) {
    throw FormatError(path.string() + ": " + std::to_string(table.rows) + " rows of " +
                      std::to_string(table.columns) +
                      " columns, expected 1797 rows of 64 pixels and a class");
  }
  LabelledSamples digits = make_samples(table, path.string(), kClasses);
  auto bad = std::find_if(digits.samples.values.begin(), digits.samples.values.end(),
                          [](float pixel) { return pixel < 0 || pixel > kMaxPixel; });
  if (bad != digits.samples.values.end()) {
    throw FormatError(path.string() + ": row " +
                      std::to_string((bad - digits.samples.values.begin()) / kPixels + 1) + " has pixel " +
                      std::to_string(*bad) + ", expected 0 to 16");
  }
  digits.samples.shape = {8, 8, 1};
  Dataset dataset;
  dataset.name = "digits";
  dataset.task = digits.task;
  dataset.num_classes = kClasses;
  split_whole(digits.samples, dataset);
  return dataset;
}

}  // namespace netsurf
