// Short ways to write a foreign graph down in a test.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/foreign/graph.h"

namespace netsurf::foreign::testing {

inline Quantizer quantizer(float scale, int bits, bool is_signed, bool narrow = false) {
  Quantizer q;
  q.scale = {scale};
  q.bits = bits;
  q.is_signed = is_signed;
  q.set_full_range(narrow);
  return q;
}

inline Quantizer bipolar(float scale) {
  return Quantizer{.scale = {scale}, .bits = 1, .is_signed = false, .bipolar = true, .low = 0, .high = 1};
}

inline Constant stored(std::string name, Shape shape, std::vector<int32_t> codes, Quantizer q) {
  Constant constant;
  constant.name = std::move(name);
  constant.shape = std::move(shape);
  constant.codes = std::move(codes);
  constant.quantizer = std::move(q);
  return constant;
}

inline Constant floats(std::vector<float> values) {
  Constant constant;
  constant.shape = {static_cast<int>(values.size())};
  constant.values = std::move(values);
  return constant;
}

/// A chain of nodes, each reading the one before.
class Chain {
 public:
  explicit Chain(Shape shape) {
    Node node;
    node.shape = std::move(shape);
    add("input", Op::input, std::move(node));
  }

  Chain& add(std::string name, Op op, Node node = {}) {
    node.name = std::move(name);
    node.op = op;
    if (op != Op::input) node.inputs = {static_cast<int>(graph.nodes.size()) - 1};
    graph.nodes.push_back(std::move(node));
    graph.output = static_cast<int>(graph.nodes.size()) - 1;
    return *this;
  }
  Chain& quantize(std::string name, Quantizer q) {
    Node node;
    node.quantizer = std::move(q);
    return add(std::move(name), Op::quantize, std::move(node));
  }
  Chain& constant(std::string name, Op op, Constant value, bool is_learned = true) {
    Node node;
    node.constant = std::move(value);
    node.is_learned = is_learned;
    return add(std::move(name), op, std::move(node));
  }

  Graph graph;
};

}  // namespace netsurf::foreign::testing
