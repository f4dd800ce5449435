#include "models/npy_header.h"

#include <cctype>
#include <charconv>

namespace netsurf {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxRank = 8;

/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, keys in any order.
class DictionaryParser {
 public:
  DictionaryParser(std::string_view text, const ByteReader& reader)
      : text_(text), start_(reader.offset() - text.size()), reader_(reader) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      std::string_view key = string();
      expect(':');
      if (key == "descr" && !has_descr) {
        if (peek() == '[') {
          fail("structured element type, expected one number type; save one field at a time");
        }
        header.descr = string();
        has_descr = true;
      } else if (key == "fortran_order" && !has_order) {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape" && !has_shape) {
        header.shape = sizes();
        has_shape = true;
      } else {
        fail("key " + quoted_text(key) +
             " is unknown or repeated, expected descr, fortran_order and shape once each");
      }
      if (!accept(',') && peek() != '}') fail("expected , or }");
    }
    if (!has_descr || !has_order || !has_shape) fail("the header lacks one of descr, fortran_order, shape");
    if (peek() != '\0') fail("expected the end of the header after }");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    reader_.fail(start_ + at_, "in the .npy header: " + problem);
  }

  /// The next character that is not blank, or 0 at the end.
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) fail(std::string("expected ") + wanted);
  }

  std::string_view string() {
    char quote = peek();
    if (quote != '\'' && quote != '"') fail("expected a quoted text");
    size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a quoted text does not end");
    std::string_view content = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return content;
  }

  bool boolean() {
    peek();
    for (auto [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    fail("expected True or False");
  }

  std::vector<int64_t> sizes() {
    std::vector<int64_t> shape;
    expect('(');
    while (!accept(')')) {
      peek();
      int64_t size = 0;
      auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) fail("expected a size of 0 or more");
      if (shape.size() == kMaxRank) fail("more than " + std::to_string(kMaxRank) + " sizes");
      shape.push_back(size);
      at_ = static_cast<size_t>(end - text_.data());
      if (!accept(',') && peek() != ')') fail("expected , or )");
    }
    return shape;
  }

  std::string_view text_;
  uint64_t start_;
  const ByteReader& reader_;
  size_t at_ = 0;
};

}  // namespace

NpyHeader take_npy_header(ByteReader& reader) {
  if (reader.take(kMagic.size(), "the .npy magic") != kMagic) {
    reader.fail(0, "not an .npy file, expected the magic \\x93NUMPY");
  }
  int major = reader.take_u8("the .npy version");
  int minor = reader.take_u8("the .npy version");
  if (major < 1 || major > 3 || minor != 0) {
    reader.fail(kMagic.size(), ".npy version " + std::to_string(major) + "." + std::to_string(minor) +
                                   ", expected 1.0, 2.0 or 3.0");
  }
  uint32_t length =
      major == 1 ? reader.take_u16_little("the header length") : reader.take_u32_little("the header length");
  std::string_view text = reader.take(length, "the .npy header");
  return DictionaryParser(text, reader).parse();
}

}  // namespace netsurf
