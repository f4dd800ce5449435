#include "engine/store/result_store.h"

#include <tuple>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr std::string_view kDigestDomain = "netsurf cell 1";

}  // namespace

std::vector<std::pair<std::string, std::string>> StudyIdentity::fields() const {
  return {{"data_name", data_name},
          {"data_digest", data_digest},
          {"split", split},
          {"task", task},
          {"seed", std::to_string(seed)},
          {"fault_model", std::string(name_of(fault_model))},
          {"design", std::string(name_of(design))},
          {"fault_table_digest", fault_table_digest},
          {"pruned", pruned},
          {"metrics", with_loss ? "accuracy,loss" : "accuracy"}};
}

std::string StudyIdentity::text() const {
  std::string text;
  for (const auto& [name, value] : fields()) {
    if (value.find_first_of("\r\n") != std::string::npos) {
      throw InputError(name + " of the study holds a line break: \"" + value + "\"; expected one line");
    }
    text += name + "=" + value + "\n";
  }
  return text;
}

StudyIdentity StudyIdentity::parse(std::string_view text) {
  StudyIdentity study;
  std::vector<std::pair<std::string, std::string>> expected = study.fields();
  std::vector<std::string> values;
  size_t at = 0;
  for (const auto& [name, unused] : expected) {
    size_t end = text.find('\n', at);
    std::string_view line = text.substr(at, end == std::string_view::npos ? end : end - at);
    if (end == std::string_view::npos || line.size() <= name.size() || line.substr(0, name.size()) != name ||
        line[name.size()] != '=') {
      throw FormatError("the study's description has no line \"" + name + "=...\" where one was expected");
    }
    values.emplace_back(line.substr(name.size() + 1));
    at = end + 1;
  }
  if (at != text.size()) throw FormatError("the study's description has more lines than expected");
  try {
    study.data_name = values[0];
    study.data_digest = values[1];
    study.split = values[2];
    study.task = values[3];
    // Seeds use all 64 bits, one more than parse_integer reads.
    study.seed = std::stoull(values[4]);
    study.fault_model = parse_fault_model(values[5]);
    study.design = parse_design(values[6]);
    study.fault_table_digest = values[7];
    study.pruned = values[8];
    study.with_loss = values[9] == "accuracy,loss";
  } catch (const std::exception& error) {
    throw FormatError(std::string("the study's description cannot be read: ") + error.what());
  }
  if (study.text() != text) throw FormatError("the study's description has values in an unexpected spelling");
  return study;
}

std::string StudyIdentity::digest() const {
  Digest digest;
  for (const auto& [name, value] : fields()) {
    if (name != "data_name") digest.add(name).add(value);
  }
  return digest.hex();
}

std::string CellIdentity::key(const StudyIdentity& study) const {
  Digest digest;
  digest.add(kDigestDomain).add(study.digest());
  for (const std::string* field : {&model_name, &model_digest, &ranking_method, &ranking_suffix,
                                   &ranking_order, &ranking_digest, &bit_space_digest}) {
    digest.add(*field);
  }
  return digest.add(protection.text()).add(bit_error_rate.text()).hex();
}

bool CellIdentity::operator<(const CellIdentity& other) const {
  auto order = [](const CellIdentity& c) {
    return std::tie(c.model_name, c.model_digest, c.ranking_method, c.ranking_suffix, c.ranking_order,
                    c.ranking_digest, c.bit_space_digest, c.protection, c.bit_error_rate);
  };
  return order(*this) < order(other);
}

CellFacts CellRecord::facts(const StudyIdentity& study) const {
  CellFacts facts;
  facts.num_samples = num_samples;
  facts.clean = clean;
  facts.fault_model = study.fault_model;
  facts.design = study.design;
  facts.bit_error_rate = identity.bit_error_rate;
  facts.epoch_size = epoch_size;
  facts.bits_unprotected = num_bits - num_protected;
  return facts;
}

std::string CellRecord::name() const {
  std::string ranking = identity.ranking_method;
  if (!identity.ranking_suffix.empty()) ranking += "_" + identity.ranking_suffix;
  if (!identity.ranking_order.empty()) ranking += " (" + identity.ranking_order + ")";
  return identity.model_name + " / " + ranking + " / protection " + identity.protection.text() + " / BER " +
         identity.bit_error_rate.text();
}

}  // namespace netsurf
