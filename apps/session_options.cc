// How a session runs its trials: threads, path, memory, instruction set, audit. None of it changes a result.
#include "apps/byte_size.h"
#include "apps/option_groups.h"
#include "engine/base/error.h"

namespace netsurf {

void refuse_idle(std::string_view option, std::string_view reason) {
  throw InputError("--" + std::string(option) + " would have no effect " + std::string(reason) +
                   "; leave it out");
}

std::vector<Option> session_options() {
  return {
      {"device", "NAME", "auto",
       "where trials run: cpu, cuda (all GPUs), cuda:N (one), or auto: cuda where there is one. Results do "
       "not depend on it"},
      {"path", "NAME", "auto",
       "how trials are computed: auto (whatever is cheapest, trial by trial), dense (every layer anew), "
       "delta (only what flips change) or plain (the slow reference). Results do not depend on it"},
      {"cache_memory", "SIZE", "512M",
       "memory for what all samples give without faults, such as 64M, 2G or 0; what does not fit is computed "
       "anew. Results do not depend on it"},
      {"isa", "NAME", "best",
       "instruction set: portable, avx2, avx_vnni, avx512_vnni, amx, or the best this machine has. Results "
       "do not depend on it"},
  };
}

SessionOptions session_of(const Arguments& arguments) {
  SessionOptions options;
  options.num_threads = threads_of(arguments);
  options.path = parse_path(arguments.text("path"));
  options.cache_memory = parse_bytes(arguments.text("cache_memory"), "--cache_memory");
  if (options.path == Path::plain) {
    for (const char* option : {"cache_memory", "isa"}) {
      if (arguments.has(option)) refuse_idle(option, "with --path plain");
    }
  }
  if (arguments.text("isa") != "best") {
    options.isa = arguments.text("isa");
    check_isa(options.isa);  // a wrong one should not wait for training to be found
  }
  return options;
}

}  // namespace netsurf
