#include "models/qonnx/reader_operator.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/base/text.h"

namespace netsurf::qonnx {

Domain domain_of(const std::string& name) {
  if (name.empty() || name == "ai.onnx") return Domain::standard;
  if (std::find(kQuantDomains.begin(), kQuantDomains.end(), name) != kQuantDomains.end())
    return Domain::quantization;
  if (name == "qonnx.custom_op.channels_last") return Domain::channels_last;
  return Domain::other;
}

const std::string& Operator::name() const {
  return !node_->name().empty() || node_->output_size() == 0 ? node_->name() : node_->output(0);
}

void Operator::expect_attributes(std::string_view known) const {
  std::vector<std::string> names = split(known, " ");
  std::set<std::string> seen;
  for (const auto& attribute : node_->attribute()) {
    if (attribute.has_g() || attribute.graphs_size() > 0) {
      throw Complaint("has a graph inside, in attribute " + quote(attribute.name()) +
                      "; control flow is not supported");
    }
    if (std::find(names.begin(), names.end(), attribute.name()) == names.end()) {
      throw Complaint("has attribute " + quote(attribute.name()) + ", which is not understood; expected " +
                      (names.empty() ? "none" : "only " + join(names, ", ")));
    }
    if (!seen.insert(attribute.name()).second)
      throw Complaint("has attribute " + quote(attribute.name()) + " twice");
  }
}

const onnx::AttributeProto* Operator::find(std::string_view name, int type, bool is_required) const {
  for (const auto& attribute : node_->attribute()) {
    if (attribute.name() != name) continue;
    if (attribute.type() != type) {
      throw Complaint("has attribute " + quote(attribute.name()) + " of type " +
                      std::to_string(attribute.type()) + ", expected type " + std::to_string(type));
    }
    return &attribute;
  }
  if (is_required) throw Complaint("has no attribute " + quote(std::string(name)) + ", which it needs");
  return nullptr;
}

bool Operator::has(std::string_view name) const {
  return std::any_of(node_->attribute().begin(), node_->attribute().end(),
                     [&](const auto& attribute) { return attribute.name() == name; });
}

int64_t Operator::integer(std::string_view name, std::optional<int64_t> fallback) const {
  const auto* found = find(name, onnx::AttributeProto::INT, !fallback.has_value());
  return found != nullptr ? found->i() : *fallback;
}

bool Operator::flag(std::string_view name, std::optional<bool> fallback) const {
  const auto* found = find(name, onnx::AttributeProto::INT, !fallback.has_value());
  if (found == nullptr) return *fallback;
  if (found->i() != 0 && found->i() != 1)
    throw Complaint("has " + std::string(name) + " " + std::to_string(found->i()) + ", expected 0 or 1");
  return found->i() == 1;
}

float Operator::real(std::string_view name, std::optional<float> fallback) const {
  const auto* found = find(name, onnx::AttributeProto::FLOAT, !fallback.has_value());
  if (found == nullptr) return *fallback;
  if (!std::isfinite(found->f())) throw Complaint("has a " + std::string(name) + " that is not finite");
  return found->f();
}

std::string Operator::text(std::string_view name, const std::optional<std::string>& fallback) const {
  const auto* found = find(name, onnx::AttributeProto::STRING, !fallback.has_value());
  return found != nullptr ? found->s() : *fallback;
}

Sizes Operator::integers(std::string_view name, const std::optional<Sizes>& fallback) const {
  const auto* found = find(name, onnx::AttributeProto::INTS, !fallback.has_value());
  if (found == nullptr) return *fallback;
  constexpr int kMost = 16;
  if (found->ints_size() > kMost)
    throw Complaint("has " + std::to_string(found->ints_size()) + " numbers in its " + std::string(name));
  return {found->ints().begin(), found->ints().end()};
}

std::vector<float> Operator::reals(std::string_view name) const {
  const auto* found = find(name, onnx::AttributeProto::FLOATS, true);
  return {found->floats().begin(), found->floats().end()};
}

const onnx::TensorProto& Operator::tensor(std::string_view name) const {
  return find(name, onnx::AttributeProto::TENSOR, true)->t();
}

}  // namespace netsurf::qonnx
