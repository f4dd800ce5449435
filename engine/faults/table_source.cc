// list: the flips are given, one line a trial.
#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/faults/fault_table.h"
#include "engine/faults/mask_source.h"

namespace netsurf {
namespace {

class TableSource : public MaskSource {
 public:
  TableSource(const BitSpace& space, const FaultSpec& faults) : table_(faults.table) {
    if (table_ == nullptr || table_->trials.empty())
      throw InputError("fault model list needs fault lists; give --faults FILE");
    for (size_t trial = 0; trial < table_->trials.size(); ++trial) {
      const std::vector<BitId>& bits = table_->trials[trial];
      num_flips_ += bits.size();
      if (!bits.empty() && bits.back() >= space.size()) {
        throw InputError("fault list " + std::to_string(trial) + " flips bit " + std::to_string(bits.back()) +
                         ", but the model has bits 0 to " + std::to_string(space.size() - 1));
      }
    }
  }

  void draw(uint64_t begin, uint64_t end, int, FaultBatch& batch) override {
    batch.offset.assign(1, 0);
    for (uint64_t trial = begin; trial < end; ++trial) {
      if (trial >= table_->trials.size()) {
        throw InputError("trial " + std::to_string(trial) + " was asked for, but there are " +
                         std::to_string(table_->trials.size()) + " fault lists");
      }
      const std::vector<BitId>& bits = table_->trials[trial];
      batch.bits.insert(batch.bits.end(), bits.begin(), bits.end());
      batch.offset.push_back(batch.bits.size());
    }
  }

  uint64_t epoch_size() const override { return table_->trials.size(); }
  double expected_flips(uint64_t) const override {
    return static_cast<double>(num_flips_) / static_cast<double>(table_->trials.size());
  }

 private:
  std::shared_ptr<const FaultTable> table_;
  size_t num_flips_ = 0;
};

}  // namespace

FaultTable make_fault_table(std::vector<std::vector<BitId>> trials) {
  FaultTable table;
  Digest digest;
  digest.add("netsurf fault table 1");
  for (std::vector<BitId>& bits : trials) {
    std::sort(bits.begin(), bits.end());
    bits.erase(std::unique(bits.begin(), bits.end()), bits.end());
    digest.add_bytes(std::as_bytes(std::span(bits)));
  }
  table.trials = std::move(trials);
  table.digest = digest.hex();
  return table;
}

FaultTable parse_fault_table(std::string_view text, const std::string& name) {
  std::vector<std::vector<BitId>> trials;
  size_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = trim(text.substr(at, end - at));
    at = end + 1;
    ++line_number;
    if (line.starts_with("#")) continue;
    std::vector<BitId> bits;
    std::vector<std::string> words = split(line, " \t,;");
    if (words.empty() && !line.empty()) {
      throw InputError(name + ":" + std::to_string(line_number) +
                       ": no bit in this line; write - for a trial without flips");
    }
    for (const std::string& word : words) {
      if (word == "-" && words.size() == 1) continue;  // a trial without flips
      bits.push_back(static_cast<BitId>(parse_integer(
          word, name + ":" + std::to_string(line_number) + ": bit", 0, (int64_t{1} << 32) - 1)));
    }
    if (!line.empty()) trials.push_back(std::move(bits));
  }
  return make_fault_table(std::move(trials));
}

std::unique_ptr<MaskSource> make_table_source(const BitSpace& space, const FaultSpec& faults) {
  return std::make_unique<TableSource>(space, faults);
}

}  // namespace netsurf
