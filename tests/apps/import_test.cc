// Networks that others made, from file to sweep: the third-party files with the third-party data, against the
// figures that their authors, or independent passes over the same files, gave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "engine/base/file.h"
#include "engine/store/sqlite_store.h"
#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kModels = NETSURF_SHARED_DIR "/models/";
const std::string kData = NETSURF_SHARED_DIR "/data";

constexpr const char* kPixels = " --input_format q<8,8,0> --input_unit 1/255";

/// A file of the shared folder with the options that its import needs, and either its stored bits or a piece
/// of its refusal.
struct Case {
  const char* name;
  std::string words;
  int64_t bits;
  const char* refusal;
};

std::vector<Case> cases() {
  auto weights = [](const std::string& architecture, const std::string& file) {
    return architecture + " --weights " + kModels + file;
  };
  std::string econt = "econt_baseline_6bit/";
  return {
      {"cnn",
       weights("qkeras_mnist_cnn/qkeras_mnist_cnn.json", "qkeras_mnist_cnn/qkeras_mnist_cnn_weights.h5") +
           kPixels,
       38940, nullptr},
      {"jets_json",
       weights("qkeras_jets_3layer/qkeras_3layer.json", "qkeras_jets_3layer/qkeras_3layer_weights.h5"), 26334,
       nullptr},
      {"jets_keras", "qkeras_jets_3layer/qkeras-v3_3layer.keras", 26334, nullptr},
      {"jets_onnx", "qkeras_jets_3layer/qkeras_jettagging.onnx", 26334, nullptr},
      {"ternary",
       weights("keras_ternary_jets/KERAS_3layer_ternary_small.json",
               "keras_ternary_jets/KERAS_3layer_ternary_small_weights.h5"),
       11056, nullptr},
      {"pixels", "smartpixel_d64w5a10/keras_model.h5", 6415, nullptr},
      {"rn06", "mlperf_ic_rn06/model_best.h5 --input_format q<8,0,0>", 319056, nullptr},
      {"ad03", "mlperf_ad_ad03/model_ToyCar.h5", 183248, nullptr},
      {"encoder", econt + "hgcal_encoder.h5", 12864, nullptr},
      {"encoder_json",
       weights(econt + "encoder_8x8_c8_S2_tele_qK_6bit.json", econt + "encoder_8x8_c8_S2_tele_qK_6bit.hdf5"),
       12864, nullptr},
      {"cut", econt + "hgcal_autoencoder.h5 --output encoder", 12864, nullptr},
      {"tfc_1w1a", std::string("qonnx_tfc/TFC_1W1A.onnx") + kPixels, -1, nullptr},
      {"tfc_2w2a", std::string("qonnx_tfc/TFC_2W2A.onnx") + kPixels, -1, nullptr},
      {"finn", "finn_tfc/model.onnx --input_format q<8,8,0>", -1, nullptr},
      {"kwsmlp", "qonnx_kwsmlp/kwsmlp_w3a3.onnx", -1, nullptr},
      {"bnn", "qonnx_small/bnn_model_fc_1layer.onnx", -1, nullptr},
      {"separable", "qonnx_small/separable_conv_model_ch_last.onnx", 2028, nullptr},
      {"branched", "qonnx_small/branched_model_ch_last.onnx", 43636, nullptr},
      {"unet", "qonnx_small/tiny_unet_ch_last.onnx", 385396, nullptr},
      {"kws", "mlperf_kws_int8/kws_ref_model_qdq.onnx", -1, nullptr},
      {"svhn", "svhn_qcnn_6bit/quantized_pruned_cnn_model.h5 --float_format q<16,5,1>", -1, nullptr},
      {"svhn_floats", "svhn_qcnn_6bit/quantized_pruned_cnn_model.h5", 0, "float weights without a quantizer"},
      {"autoencoder", econt + "hgcal_autoencoder.h5", 0, "float weights without a quantizer"},
      {"decoder",
       weights(econt + "decoder_8x8_c8_S2_tele_qK_6bit.json", econt + "decoder_8x8_c8_S2_tele_qK_6bit.hdf5"),
       0, "--float_format"},
      {"hgq", "hgq_mnist/hgq_mnist_heterogeneous.h5", 0, "FixedPointQuantizer"},
      {"kws_tflite", "mlperf_kws_int8/kws_ref_model.tflite", 0, "TensorFlow Lite"},
      {"ic_tflite", "mlperf_ic_int8/pretrainedResnet_quant.tflite", 0, "QuantizeLinear/DequantizeLinear"},
  };
}

std::string words_of(const std::string& name) {
  for (const Case& one : cases()) {
    if (one.name == name) return kModels + one.words;
  }
  ADD_FAILURE() << "no case " << name;
  return "";
}

/// The line "key     value" of a command's output.
std::string value_of(const std::string& output, const std::string& key) {
  size_t at = output.find("\n" + key + " ");
  if (output.starts_with(key + " ")) at = 0;
  if (at == std::string::npos) return "no line " + key;
  std::string line = output.substr(at == 0 ? 0 : at + 1);
  line = line.substr(0, line.find('\n'));
  size_t begin = line.find_first_not_of(' ', key.size());
  return line.substr(begin, line.find(' ', begin) - begin);
}

class Import : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModels) || !std::filesystem::exists(kData))
      GTEST_SKIP() << "no third-party models and data in " NETSURF_SHARED_DIR;
  }
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  /// What the clean network counted in a small sweep of a foreign file, with faults beside it.
  TrialOutcome clean_of(const std::string& name, const std::string& data) {
    std::string store = file(name + ".sqlite");
    Ran ran = run("sweep --model " + words_of(name) + " --store " + store + " --datasets_dir " + kData + " " +
                  data + " --ber_range 0.01 --protection_range 0 --num_reps 2");
    EXPECT_EQ(ran.code, 0) << name << ": " << ran.err;
    if (ran.code != 0) return {};
    auto opened = SqliteStore::open_existing(store);
    auto cells = opened->cells();
    EXPECT_EQ(cells.size(), 1u);
    EXPECT_EQ(opened->outcomes(cells[0].id).size(), 2u);
    return cells[0].record.clean;
  }

  TempDir folder_;
};

TEST_F(Import, EveryFolderImportsOrSaysWhyNot) {
  for (const Case& one : cases()) {
    Ran ran = run("import " + kModels + one.words);
    if (one.refusal != nullptr) {
      EXPECT_NE(ran.code, 0) << one.name;
      EXPECT_THAT(ran.err, HasSubstr(one.refusal)) << one.name;
      EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
      continue;
    }
    EXPECT_EQ(ran.code, 0) << one.name << ": " << ran.err;
    if (one.bits >= 0) {
      EXPECT_EQ(value_of(ran.out, "bits"), std::to_string(one.bits)) << one.name;
    }
    EXPECT_THAT(ran.out, AllOf(HasSubstr("bound"), HasSubstr("int32"))) << one.name;
    EXPECT_THAT(ran.err, HasSubstr("nothing was written")) << one.name;
  }
}

TEST_F(Import, WhatIsWrittenComesBackWithTheSameDigest) {
  for (const Case& one : cases()) {
    if (one.refusal != nullptr) continue;
    std::string own = file(std::string(one.name) + ".onnx");
    Ran made = run("import " + kModels + one.words + " -o " + own);
    ASSERT_EQ(made.code, 0) << one.name << ": " << made.err;
    std::string digest = value_of(made.out, "digest");
    EXPECT_EQ(digest.size(), 64u) << digest;
    Ran again = run("import " + own), shown = run("show " + own);
    EXPECT_EQ(value_of(again.out, "digest"), digest) << one.name << again.err;
    EXPECT_EQ(value_of(shown.out, "digest"), digest) << one.name;
    EXPECT_THAT(shown.out, AllOf(HasSubstr("source: "), HasSubstr("source_sha256: "))) << one.name;
  }
}

TEST_F(Import, OneNetworkInThreeFileFormatsIsOneModel) {
  std::string digest = value_of(run("import " + words_of("jets_json")).out, "digest");
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(value_of(run("import " + words_of("jets_keras")).out, "digest"), digest);
  EXPECT_EQ(value_of(run("import " + words_of("jets_onnx")).out, "digest"), digest);
}

TEST_F(Import, AnAutoencoderCutAfterItsEncoderIsTheEncoder) {
  std::string digest = value_of(run("import " + words_of("encoder")).out, "digest");
  EXPECT_EQ(value_of(run("import " + words_of("cut")).out, "digest"), digest);
  EXPECT_EQ(value_of(run("import " + words_of("encoder_json")).out, "digest"), digest);
}

TEST_F(Import, TheAuthorsFiguresAreReachedInSweeps) {
  struct Figure {
    const char* name;
    std::string data;
    int64_t correct;
  };
  std::string mnist = "--dataset mnist --input_scale 1/255";
  for (const Figure& figure :
       {Figure{"cnn", mnist, 9886}, Figure{"tfc_1w1a", mnist, 9296}, Figure{"tfc_2w2a", mnist, 9660},
        Figure{"pixels", "--dataset smartpixel", 7608},
        Figure{"rn06", "--dataset cifar10_ic01 --input_scale 1/256", 150},
        Figure{"kws", "--dataset kws01 --input_scale 0.5847029 --input_offset -48.5303407", 902},
        Figure{"finn",
               "--dataset " + kModels + "finn_tfc/input.npy " + kModels + "finn_tfc/expected_output.npy",
               4}}) {
    EXPECT_EQ(clean_of(figure.name, figure.data).correct, figure.correct) << figure.name;
  }
}

TEST_F(Import, TheEncoderGivesItsTestVectorExactly) {
  std::string folder = kModels + "econt_baseline_6bit/";
  TrialOutcome clean = clean_of("encoder", "--dataset " + folder + "testvec_input_10x8x8x1.npy " + folder +
                                               "testvec_encoder_output_10x16.npy --task regression");
  EXPECT_EQ(clean.loss, 0);  // the squared error over all 160 values
  EXPECT_EQ(clean.correct, kNoCount);
}

TEST_F(Import, Rn06PredictsAsItsFpgaDidOn185Of200) {
  std::map<std::string, std::string> fpga;  // file name -> line of scores
  std::string results = read_file(kModels + "mlperf_ic_rn06/pynqz2_results.csv", 1 << 20);
  for (const std::string& line : split(results, "\r\n")) fpga[line.substr(0, line.find(','))] = line;
  std::string labels;
  for (const std::string& line : split(read_file(kData + "/cifar10_ic01/y_labels.csv", 1 << 20), "\r\n")) {
    std::vector<std::string> scores = split(fpga[line.substr(0, line.find(','))], ",");
    ASSERT_EQ(scores.size(), 11u) << line;
    auto largest = std::max_element(scores.begin() + 1, scores.end(),
                                    [](const auto& a, const auto& b) { return std::stod(a) < std::stod(b); });
    labels += std::to_string(largest - scores.begin() - 1) + "\n";
  }
  std::string answers = folder_.write("fpga.csv", labels).string();
  EXPECT_EQ(clean_of("rn06", "--dataset " + kData + "/cifar10_ic01/ic01_u8_200x32x32x3.npy " + answers +
                                 " --input_scale 1/256")
                .correct,
            185);
}

TEST_F(Import, DataInTheNotesMakesASavedModelSweepAlone) {
  std::string own = file("pixels.onnx"), store = file("pixels.sqlite");
  ASSERT_EQ(run("import " + words_of("pixels") + " --dataset smartpixel -o " + own).code, 0);
  Ran swept = run("sweep --model " + own + " --store " + store + " --datasets_dir " + kData +
                  " --ber_range 0.01 --protection_range 0 --num_reps 2");
  ASSERT_EQ(swept.code, 0) << swept.err;
  EXPECT_THAT(swept.out, HasSubstr("76.08"));
}

TEST_F(Import, AForeignFileIsRankedSweptAndReplayedDirectly) {
  std::string ranking = file("ranking.npz"), store = file("study.sqlite");
  Ran ranked = run("rank --model " + words_of("pixels") + " --method bitwise_msb --output " + ranking);
  ASSERT_EQ(ranked.code, 0) << ranked.err;
  std::string data = " --dataset smartpixel --datasets_dir " + kData;
  Ran swept = run("sweep --model " + words_of("pixels") + data + " --ranking " + ranking + " --store " +
                  store + " --ber_range 0.02 --protection_range 0.5 --num_reps 3");
  ASSERT_EQ(swept.code, 0) << swept.err;
  EXPECT_THAT(swept.err, HasSubstr("assumed: the network does not say how its input is stored"));
  Ran shown = run("show " + store);
  size_t cells = shown.out.find("cells (");
  ASSERT_NE(cells, std::string::npos);
  std::string id = shown.out.substr(shown.out.find('\n', cells) + 1, 16);
  Ran replayed = run("replay " + store + " --cell " + id + " --trial 2 --model " + words_of("pixels") + data);
  EXPECT_EQ(replayed.code, 0) << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("holds the same outcome"));
}

TEST_F(Import, DataWithoutAnswersCountsWhatChanged) {
  std::string input = kModels + "econt_baseline_6bit/testvec_input_10x8x8x1.npy";
  TrialOutcome clean = clean_of("encoder", "--dataset " + input);
  EXPECT_EQ(clean.correct, kNoCount);
  EXPECT_EQ(clean.loss, kNoCount);
  Ran asked = run("sweep --model " + words_of("encoder") + " --store " + file("x.sqlite") +
                  " --task classification --dataset " + input + " --protection_range 0 --num_reps 2");
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("--task comparison"));
}

TEST_F(Import, WafersAreMeasuredAsTheyLie) {
  std::string store = file("hgcal.sqlite");
  Ran swept = run(
      "sweep --model " + words_of("encoder") + " --dataset hgcal --task comparison --datasets_dir " + kData +
      " --split validation --store " + store + " --ber_range 0.001 --protection_range 0 --num_reps 2");
  ASSERT_EQ(swept.code, 0) << swept.err;
  EXPECT_THAT(swept.err, HasSubstr("7843 validation samples"));
}

TEST_F(Import, AForeignFileIsTimedAndExportedDirectly) {
  Ran timed = run("bench --model " + words_of("pixels") + " --dataset smartpixel --datasets_dir " + kData +
                  " --num_reps 1 --repeats 1 --ber_range 0.01");
  EXPECT_EQ(timed.code, 0) << timed.err;
  EXPECT_THAT(timed.out, HasSubstr("10000 samples"));
  std::string plain = file("plain.onnx");
  Ran exported = run("export " + words_of("jets_json") + " --strict --output " + plain);
  ASSERT_EQ(exported.code, 0) << exported.err;
  EXPECT_EQ(value_of(run("import " + plain).out, "digest"),
            value_of(run("import " + words_of("jets_json")).out, "digest"));
}

TEST_F(Import, BitsAreShownWithFkerasNumbers) {
  Ran shown = run("show " + words_of("jets_json") + " --fkeras_bit 0 6 --bit 0");
  ASSERT_EQ(shown.code, 0) << shown.err;
  std::vector<std::string> lines = split(shown.out, "\n");
  ASSERT_EQ(lines.size(), 4u) << shown.out;
  EXPECT_THAT(lines[1],
              AllOf(HasSubstr("fc1"), HasSubstr("kernel"), HasSubstr("[0,0]")));  // bit 0: the lowest
  EXPECT_THAT(lines[2], HasSubstr("[0,0]"));  // FKeras 0: the sign of the first weight
  EXPECT_THAT(lines[3], HasSubstr("[1,0]"));  // FKeras 6: the sign of the next output's
}

TEST_F(Import, OptionsThatWouldDoNothingAreRefusedOrSaid) {
  std::string own = file("own.onnx");
  ASSERT_EQ(run("import " + words_of("pixels") + " -o " + own).code, 0);
  Ran again = run("import " + own + " --output dense1");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("--end_at would have no effect"));
  Ran ranked = run("rank --model " + own + " --method bitwise_msb --bias_bits 8 --output " + file("r.npz"));
  EXPECT_EQ(ranked.code, 0) << ranked.err;
  EXPECT_THAT(ranked.err, HasSubstr("--bias_bits does nothing"));
  Ran unit = run("import " + kModels + "smartpixel_d64w5a10/keras_model.h5 --input_unit 1/255");
  EXPECT_EQ(unit.code, 2);
  EXPECT_THAT(unit.err, HasSubstr("--input_format"));
  Ran scale = run("import " + words_of("pixels") + " --input_scale 1/255");
  EXPECT_EQ(scale.code, 2);
  EXPECT_THAT(scale.err, HasSubstr("--dataset"));
  EXPECT_EQ(run("import").code, 2);
}

}  // namespace
}  // namespace netsurf
