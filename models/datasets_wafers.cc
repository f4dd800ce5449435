#include "models/datasets_wafers.h"

#include <array>
#include <cmath>
#include <fstream>
#include <span>

#include "engine/base/error.h"

namespace netsurf {
namespace {

constexpr int64_t kNumCells = 48, kNumPlaces = 64;
constexpr int kNoCell = -1;

/// The cell that stands at each place of the 8x8 image, row by row: three rhombs of 4x4 cells.
constexpr std::array<int, kNumPlaces> kCellAt = {
    28, 29, 30, 31, 0,  4,  8,  12,  //
    24, 25, 26, 27, 1,  5,  9,  13,  //
    20, 21, 22, 23, 2,  6,  10, 14,  //
    16, 17, 18, 19, 3,  7,  11, 15,  //
    47, 43, 39, 35, -1, -1, -1, -1,  //
    46, 42, 38, 34, -1, -1, -1, -1,  //
    45, 41, 37, 33, -1, -1, -1, -1,  //
    44, 40, 36, 32, -1, -1, -1, -1,
};

}  // namespace

bool is_wafer_table(const NumberTable& table) {
  if (table.names.size() != kNumCells) return false;
  for (size_t i = 0; i < table.names.size(); ++i) {
    if (table.names[i] != "CALQ_" + std::to_string(i)) return false;
  }
  return true;
}

bool read_wafer_header(const std::filesystem::path& file) {
  std::ifstream stream(file);
  constexpr std::string_view kFirst = "CALQ_0,CALQ_1,";
  std::string start(kFirst.size(), '\0');
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  return stream && start == kFirst;
}

NumberArray wafer_images(const NumberTable& table, const std::string& name) {
  NumberArray images;
  images.values.reserve(static_cast<size_t>(table.rows * kNumPlaces));
  for (int64_t row = 0; row < table.rows; ++row) {
    auto charges = std::span(table.values).subspan(static_cast<size_t>(row * kNumCells), kNumCells);
    double sum = 0;
    for (float charge : charges) {
      if (charge < 0) throw FormatError(name + ": wafer " + std::to_string(row) + " has a negative charge");
      sum += static_cast<double>(charge);
    }
    if (sum == 0) continue;
    int exponent = std::ilogb(sum);
    for (int cell : kCellAt) {
      images.values.push_back(cell == kNoCell ? 0
                                              : std::ldexp(charges[static_cast<size_t>(cell)], -exponent));
    }
  }
  images.shape = {static_cast<int64_t>(images.values.size()) / kNumPlaces, 8, 8, 1};
  return images;
}

}  // namespace netsurf
