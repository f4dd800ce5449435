// Options that several commands share, and what they mean once parsed.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/device_choice.h"
#include "engine/backend/backend.h"
#include "engine/faults/trial.h"
#include "engine/model/dataset.h"
#include "engine/rank/ranker.h"
#include "engine/sweep/stop_rule.h"
#include "engine/train/trainer.h"

namespace netsurf {

inline constexpr std::string_view kVersion = "0.1.0";

/// Tables put together: `join_options({a(), b()})`.
std::vector<Option> join_options(std::initializer_list<std::vector<Option>> groups);

std::vector<Option> place_options();     // --datasets_dir, --benchmarks_dir
std::vector<Option> training_options();  // --quantization, --prune, --epochs, ...
std::vector<Option> ranking_options();   // --method, --order, --pruned, ...
std::vector<Option> fault_options();     // grid_options(), --fault_model, --num_reps, ...
std::vector<Option> grid_options();      // --ber_range, --protection_range
Option split_option();                   // --split
Option pruned_option();                  // --pruned
std::vector<Option> session_options();   // --device, --path, --cache_memory, --isa
std::vector<Option> machine_options();   // --threads, --batch, --audit, session_options()

/// Throws InputError: `option` was given, but would have no effect `reason` ("with --path plain").
[[noreturn]] void refuse_idle(std::string_view option, std::string_view reason);

/// A slip of the hand must not turn what is read into a table: throws InputError where the file that `output`
/// names is one of those that the `inputs` name.
void refuse_overwriting(const Arguments& arguments, std::string_view output,
                        std::initializer_list<std::string_view> inputs);

/// --seed, shared by training, ranking and faults.
uint64_t seed_of(const Arguments& arguments);

std::filesystem::path datasets_dir_of(const Arguments& arguments);

/// --split: "train", "validation" or "test".
std::string split_of(const Arguments& arguments);

/// --quantization q<m,n,s> or --bits_config num_bits=6 integer=0; nothing when neither was given. Throws
/// InputError when they differ.
std::optional<Format> quantization_of(const Arguments& arguments);

/// Training options apart from the pruning factor, of which there may be several.
TrainOptions train_options_of(const Arguments& arguments);

/// The numbers of a list option, each once, ascending; `what` names one in messages.
std::vector<UnitDecimal> decimals_of(const Arguments& arguments, std::string_view name,
                                     std::string_view what);

/// Throws InputError when a text that becomes part of a file's name would lead out of its folder.
void check_name_part(std::string_view option, const std::string& text);

/// Fault lists from a file. Throws InputError as parse_fault_table.
FaultTable read_fault_table(const std::string& path);

/// --prune, each once, ascending; {0} when not given.
std::vector<UnitDecimal> prunes_of(const Arguments& arguments);

/// --threads; 0: all cores.
int threads_of(const Arguments& arguments);

BitSpace::Pruned pruned_of(const Arguments& arguments);

inline constexpr int64_t kRankSamples = 2000;  // where --rank_samples is not given

/// --rank_samples.
int64_t rank_samples_of(const Arguments& arguments);

/// --method with --method_suffix, --method_kws, --order and --normalize: one request per method.
struct MethodRequest {
  std::string method;  // canonical name
  OrderMode order = OrderMode::planes;
  std::string suffix;
  RankerSettings settings;

  bool operator==(const MethodRequest&) const = default;
};
/// Each request once; without --method the fallback's, if there is one.
std::vector<MethodRequest> methods_of(const Arguments& arguments, std::string_view fallback = "");

/// --threads and session_options(). Throws InputError for flags without effect and for an instruction set
/// that is not here.
SessionOptions session_of(const Arguments& arguments);

/// Everything a sweep does to a model.
struct StudyRequest {
  std::vector<UnitDecimal> protections, bit_error_rates;
  FaultSpec faults;
  StopRule stop_rule;
  std::string split;
  BitSpace::Pruned pruned = BitSpace::Pruned::absent;
  bool with_loss = true;
  SessionOptions session;
  DeviceChoice device;
  UnitDecimal audit;                 // share of the trials to run again on the plain path
  uint64_t batch = 0;                // trials per transaction; 0: about a second's worth
  std::vector<std::string> notices;  // what a flag changed beyond its own name, to be said on stderr
};
/// Throws InputError for flags that contradict each other or would have no effect.
StudyRequest study_of(const Arguments& arguments);
/// The part of it that machine_options() give.
void set_machine(const Arguments& arguments, StudyRequest& study);

}  // namespace netsurf
