#include "models/import.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "models/keras/keras_reader.h"
#include "models/qonnx/onnx_import.h"
#include "models/qonnx/onnx_reader.h"

namespace netsurf::foreign {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr size_t kHeadBytes = 4096;  // enough to know any kind of file by
constexpr size_t kMaxNoteItems = 200;

constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1a\n"sv;
constexpr std::string_view kZipSignature = "PK\x03\x04"sv;
constexpr std::string_view kTfliteSignature = "TFL3"sv;  // a FlatBuffers identifier, at byte 4
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf"sv;

enum class FileKind : uint8_t { hdf5, zip, json, tflite, onnx };

std::string read_head(const fs::path& file) {
  std::error_code error;
  fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) throw InputError("no such file: " + file.string());
  if (fs::is_directory(status)) {
    throw InputError(
        file.string() +
        " is a folder, expected a file: .h5, .keras, .json with --weights, or .onnx (a TensorFlow "
        "SavedModel can be saved as .h5)");
  }
  std::ifstream stream(file, std::ios::binary);
  std::string head(kHeadBytes, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (stream.bad() || !stream.is_open()) throw RunError("cannot read " + file.string());
  head.resize(static_cast<size_t>(stream.gcount()));
  return head;
}

FileKind kind_of(std::string_view head) {
  if (head.starts_with(kHdf5Signature)) return FileKind::hdf5;
  if (head.starts_with(kZipSignature)) return FileKind::zip;
  if (head.size() >= 8 && head.substr(4, 4) == kTfliteSignature) return FileKind::tflite;
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  if (trim(head).starts_with('{')) return FileKind::json;
  return FileKind::onnx;
}

/// Notes are for a person; a network with thousands of remarks keeps the first ones.
std::string note_text(const std::vector<std::string>& remarks) {
  std::string text;
  for (size_t i = 0; i < std::min(remarks.size(), kMaxNoteItems); ++i)
    text += (i > 0 ? "; " : "") + remarks[i];
  if (remarks.size() > kMaxNoteItems)
    text += "; and " + std::to_string(remarks.size() - kMaxNoteItems) + " more";
  return text;
}

/// The shortest text that reads back as the same float32.
std::string unit_text(float unit) {
  std::array<char, 32> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), unit);
  return std::string(buffer.data(), end);
}

}  // namespace

bool is_own_file(const fs::path& file) {
  constexpr uint64_t kMaxBytes = uint64_t{1} << 31;
  return kind_of(read_head(file)) == FileKind::onnx && is_own_model(read_file(file, kMaxBytes));
}

Graph read_graph(const fs::path& file, const std::optional<fs::path>& weights) {
  FileKind kind = kind_of(read_head(file));
  if (weights && kind != FileKind::json) {
    throw InputError(file.string() + " holds its weights itself; --weights " + weights->string() +
                     " goes with a Keras .json architecture only");
  }
  switch (kind) {
    case FileKind::hdf5:
      return keras::read_h5(file);
    case FileKind::zip:
      return keras::read_keras_zip(file);
    case FileKind::json:
      if (!weights) {
        throw InputError(file.string() +
                         " is a Keras architecture without weights; give the file that holds them with "
                         "--weights FILE.h5");
      }
      return keras::read_json(file, *weights);
    case FileKind::tflite:
      throw InputError(file.string() +
                       " is a TensorFlow Lite model, which is not read; convert it to ONNX with "
                       "QuantizeLinear/DequantizeLinear nodes (tf2onnx does) and import that");
    case FileKind::onnx:
      break;
  }
  return qonnx::read_onnx(file);
}

Lowered import_network(const fs::path& file, const std::optional<fs::path>& weights,
                       const LowerOptions& options) {
  Graph graph = read_graph(file, weights);
  Lowered lowered = [&] {
    try {
      return lower(graph, options);
    } catch (const InputError& error) {
      throw InputError(file.string() + ": " + error.what());
    }
  }();
  const Model& model = lowered.model;
  std::map<std::string, std::string> notes = model.notes();
  notes["source"] = graph.source;
  notes["source_file"] = file.filename().string();
  notes["source_sha256"] = sha256_of_file(file.string());
  if (weights) {
    notes["weights_file"] = weights->filename().string();
    notes["weights_sha256"] = sha256_of_file(weights->string());
  }
  if (!options.output.empty()) notes["cut_at"] = options.output;
  if (options.float_format) notes["float_format"] = options.float_format->text();
  if (!lowered.folded.empty()) notes["folded"] = note_text(lowered.folded);
  if (!lowered.assumptions.empty()) notes["assumptions"] = note_text(lowered.assumptions);
  std::vector<std::string> differences;
  for (const Difference& difference : lowered.differences) differences.push_back(difference_text(difference));
  if (!differences.empty()) notes["differences"] = note_text(differences);
  notes["input_format"] = model.input().format.text();
  if (model.input().unit != 1) notes["input_unit"] = unit_text(model.input().unit);
  lowered.model = Model::build(model.name(), model.layers(), model.parameters(), std::move(notes));
  return lowered;
}

std::string difference_text(const Difference& difference) {
  std::string text = difference.node + ": " + std::to_string(difference.differing) + " of " +
                     std::to_string(difference.checked) +
                     " accumulator values give another code than the file's float32 arithmetic";
  return difference.differing == 0 ? text
                                   : text + ", at most " + std::to_string(difference.largest) + " apart";
}

}  // namespace netsurf::foreign
