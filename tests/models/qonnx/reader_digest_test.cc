// One network has one digest and one BitSpace, whatever order and layout a file writes it in.
#include <gtest/gtest.h>

#include "engine/faults/bit_space.h"
#include "models/foreign/lower.h"
#include "tests/models/qonnx/reader_file.h"

namespace netsurf::qonnx {
namespace {

constexpr int64_t kHeight = 3, kWidth = 4, kChannels = 2;

/// How a file writes the network down.
struct Spelling {
  bool is_channels_last = false;  // data [n, h, w, c] and kernels [out, h, w, in], in the domain for that
  bool is_swapped = false;        // the right branch and its tensors before the left one
  bool has_gemm = false;          // Gemm with a transposed matrix in the place of MatMul
};

/// Weights that tell every element apart, as codes of four bits.
float weight(int64_t out, int64_t y, int64_t x, int64_t in, int64_t salt) {
  return static_cast<float>((out * 7 + y * 5 + x * 3 + in * 11 + salt * 13) % 15 - 7) * 0.125F;
}

/// A 3x3 convolution with `same` padding, a ReLU and a quantizer.
void add_branch(TestFile& file, const Spelling& spelling, const std::string& name, int64_t salt) {
  bool last = spelling.is_channels_last;
  Floats values;
  for (int64_t out = 0; out < kChannels; ++out) {
    for (int64_t i = 0; i < 9 * kChannels; ++i) {
      int64_t y = last ? i / (3 * kChannels) : i / 3 % 3;
      int64_t x = last ? i / kChannels % 3 : i % 3;
      int64_t in = last ? i % kChannels : i / 9;
      values.push_back(weight(out, y, x, in, salt));
    }
  }
  using Sizes = std::vector<int64_t>;
  file.floats(name + "_w", last ? Sizes{kChannels, 3, 3, kChannels} : Sizes{kChannels, kChannels, 3, 3},
              values);
  file.quant(name + "_w", name + "_q", 0.125F, 0, 4);
  auto& conv =
      file.node(last ? "qonnx.custom_op.channels_last:Conv" : "Conv", {"xq", name + "_q"}, {name + "_c"});
  TestFile::set(conv, "kernel_shape", Sizes{3, 3});
  TestFile::set(conv, "pads", Sizes{1, 1, 1, 1});
  file.node("Relu", {name + "_c"}, {name + "_r"});
  file.quant(name + "_r", name, 0.0625F, 0, 5, false);
}

TestFile branched(const Spelling& spelling) {
  bool last = spelling.is_channels_last;
  TestFile file;
  using Sizes = std::vector<int64_t>;
  file.input("x", last ? Sizes{1, kHeight, kWidth, kChannels} : Sizes{1, kChannels, kHeight, kWidth})
      .output("y");
  file.quant("x", "xq", 0.0625F, 0, 6);
  if (spelling.is_swapped) add_branch(file, spelling, "right", 2);
  add_branch(file, spelling, "left", 1);
  if (!spelling.is_swapped) add_branch(file, spelling, "right", 2);
  file.node("Add", {"left", "right"}, {"sum"});
  file.quant("sum", "sum_q", 0.125F, 0, 5, false);
  TestFile::set(file.node("Concat", {"sum_q", "left"}, {"both"}), "axis", last ? int64_t{-1} : int64_t{1});
  file.quant("both", "both_q", 0.125F, 0, 6, false);
  file.node("Flatten", {"both_q"}, {"flat"});
  // Rows of the matrix follow the file's own order of features.
  int64_t channels = 2 * kChannels, features = kHeight * kWidth * channels, outputs = 3;
  Floats matrix(static_cast<size_t>(features * outputs));
  for (int64_t i = 0; i < features; ++i) {
    int64_t channel = last ? i % channels : i / (kHeight * kWidth);
    int64_t y = last ? i / (kWidth * channels) : i / kWidth % kHeight;
    int64_t x = last ? i / channels % kWidth : i % kWidth;
    for (int64_t o = 0; o < outputs; ++o) {
      int64_t at = spelling.has_gemm ? o * features + i : i * outputs + o;
      matrix[static_cast<size_t>(at)] = weight(o, y, x, channel, 3);
    }
  }
  file.floats("m", spelling.has_gemm ? Sizes{outputs, features} : Sizes{features, outputs}, matrix);
  file.quant("m", "mq", 0.125F, 0, 4);
  if (spelling.has_gemm) {
    TestFile::set(file.node("Gemm", {"flat", "mq"}, {"y"}), "transB", int64_t{1});
  } else {
    file.node("MatMul", {"flat", "mq"}, {"y"});
  }
  return file;
}

Model model_of(const Spelling& spelling) { return foreign::lower(branched(spelling).read(), {}).model; }

TEST(ReaderDigest, BranchedNetworkIsOneInAllOrdersAndLayouts) {
  Model first = model_of({});
  EXPECT_EQ(first.num_weights(), 2 * 36 + 144);
  for (int i = 1; i < 8; ++i) {
    Spelling spelling{(i & 1) != 0, (i & 2) != 0, (i & 4) != 0};
    Model other = model_of(spelling);
    EXPECT_EQ(other.digest(), first.digest()) << i;
    EXPECT_EQ(BitSpace(other).digest(), BitSpace(first).digest()) << i;
    for (size_t p = 0; p < first.parameters().size(); ++p)
      EXPECT_EQ(other.parameters()[p].codes, first.parameters()[p].codes) << i;
  }
}

TEST(ReaderDigest, AnotherWeightIsAnotherNetwork) {
  TestFile file = branched({});
  (*file.graph->mutable_initializer(4)->mutable_float_data())[0] += 0.125F;
  EXPECT_NE(foreign::lower(file.read(), {}).model.digest(), model_of({}).digest());
}

}  // namespace
}  // namespace netsurf::qonnx
