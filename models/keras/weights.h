// Where a layer's tensors lie in the HDF5 content: Keras 2 files name them (fc1/kernel:0), Keras 3 files
// number them in folders named after the layer's class.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "models/keras/config.h"
#include "models/keras/hdf5_content.h"

namespace netsurf::keras {

/// Where the tensors of one layer lie.
struct WeightPlace {
  std::string group;    // Keras 2: the group of the top-level layer that holds it. Keras 3: its own group
  std::string layer;    // its name, to tell tensors of a nested model apart
  bool inside = false;  // Keras 2: the group belongs to a model that holds the layer
};

/// Hands out places for the layers of one model, in the order of its config.
class WeightScope {
 public:
  WeightPlace place(const LayerConfig& layer);
  /// The scope of the layers of a nested model. Call once for the layer, as place().
  WeightScope nested(const LayerConfig& layer);

 private:
  friend class Weights;
  std::string numbered_group(const LayerConfig& layer);

  const Hdf5Content* content_ = nullptr;
  bool numbered_ = false;
  std::string base_;                 // Keras 3: group of the containers; Keras 2: prefix of layer groups
  std::string top_;                  // Keras 2, inside a nested model: the group of the outermost one
  std::map<std::string, int> used_;  // Keras 3: how often each class name was used
};

class Weights {
 public:
  explicit Weights(const Hdf5Content& content);

  WeightScope scope() const;
  /// The tensor called `attribute` in Keras 2, and numbered `number` within `child` (or the layer itself) in
  /// Keras 3. Throws FormatError when it is missing, ambiguous, or its sizes are not `sizes`.
  const StoredTensor& find(const WeightPlace& place, const std::string& where, const std::string& attribute,
                           int number, std::span<const int64_t> sizes, const std::string& child = "") const;

 private:
  std::string path_of(const WeightPlace& place, const std::string& where, const std::string& attribute) const;

  const Hdf5Content& content_;
  bool numbered_ = false;
  std::string base_;
  // Per Keras 2 group: "<component>/<attribute>" and "<attribute>" to the paths that match.
  std::map<std::string, std::map<std::string, std::vector<std::string>>> named_;
};

/// As Keras 3 names folders: "QConv2DBatchnorm" becomes "q_conv2d_batchnorm".
std::string snake_case(std::string_view class_name);

}  // namespace netsurf::keras
