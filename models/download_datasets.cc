#include "models/download_datasets.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/download.h"

namespace netsurf {
namespace {

constexpr std::array<std::string_view, 2> kMnistMirrors = {
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
};
constexpr std::array kMnistFiles = {
    RemoteFile{"train-images-idx3-ubyte.gz", 9912422,
               "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    RemoteFile{"train-labels-idx1-ubyte.gz", 28881,
               "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    RemoteFile{"t10k-images-idx3-ubyte.gz", 1648877,
               "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    RemoteFile{"t10k-labels-idx1-ubyte.gz", 4542,
               "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
};

constexpr std::array<std::string_view, 1> kFashionMirrors = {
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
};
constexpr std::array kFashionFiles = {
    RemoteFile{"train-images-idx3-ubyte.gz", 26421880,
               "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
    RemoteFile{"train-labels-idx1-ubyte.gz", 29515,
               "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
    RemoteFile{"t10k-images-idx3-ubyte.gz", 4422102,
               "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
    RemoteFile{"t10k-labels-idx1-ubyte.gz", 5148,
               "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
};

constexpr std::array kRemoteDatasets = {
    RemoteDataset{"fashion_mnist", kFashionMirrors, kFashionFiles},
    RemoteDataset{"mnist", kMnistMirrors, kMnistFiles},
};

const RemoteDataset& find_remote(std::string_view name) {
  std::vector<std::string> names;
  for (const RemoteDataset& row : kRemoteDatasets) {
    if (row.name == name) return row;
    names.emplace_back(row.name);
  }
  throw InputError(unknown_word_message("data set to download", name, names));
}

std::vector<std::string> mirror_urls(const RemoteDataset& dataset, std::string_view mirror,
                                     std::string_view file) {
  std::vector<std::string> urls;
  if (mirror.empty()) {
    for (std::string_view base : dataset.mirrors) urls.push_back(std::string(base) + std::string(file));
    return urls;
  }
  if (!mirror.starts_with("http://") && !mirror.starts_with("https://")) {
    throw InputError("mirror \"" + std::string(mirror) +
                     "\", expected a base URL that starts with http:// or https://");
  }
  return {std::string(mirror) + (mirror.ends_with('/') ? "" : "/") + std::string(file)};
}

}  // namespace

std::span<const RemoteDataset> remote_datasets() { return kRemoteDatasets; }

std::vector<FetchedFile> fetch_dataset(std::string_view name, const std::filesystem::path& datasets_dir,
                                       std::string_view mirror, const FetchProgress& progress) {
  const RemoteDataset& dataset = find_remote(name);
  std::vector<FetchedFile> fetched;
  for (const RemoteFile& file : dataset.files) {
    DownloadOptions options;
    options.max_bytes = file.bytes;
    if (progress) {
      options.progress = [&](uint64_t done, uint64_t total) {
        progress(file.name, done, total ? total : file.bytes);
      };
    }
    std::filesystem::path path = datasets_dir / name / file.name;
    bool is_new = download(mirror_urls(dataset, mirror, file.name), path, file.sha256, options);
    fetched.push_back({path, !is_new});
  }
  return fetched;
}

}  // namespace netsurf
