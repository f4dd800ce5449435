// Runs a piece of work in a process of its own: what crashes, hangs or bloats there ends there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace netsurf::keras {

// AddressSanitizer hangs where memory is refused, so memory has no limit there.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kChildMemoryIsLimited = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kChildMemoryIsLimited = false;
#else
inline constexpr bool kChildMemoryIsLimited = true;
#endif
#else
inline constexpr bool kChildMemoryIsLimited = true;
#endif

struct ChildLimits {
  uint64_t processor_seconds = 3;
  uint64_t more_bytes = uint64_t{256} << 20;  // of memory, above what the parent has
};

/// What `work` returns. Throws FormatError with the text of whatever `work` throws, or saying that `what`
/// failed, with the signal; RunError when no process can be started. A child that sleeps is ended after 10
/// times its processor seconds. It writes nothing to the terminal.
std::string run_in_child(const std::string& what, const ChildLimits& limits,
                         const std::function<std::string()>& work);

}  // namespace netsurf::keras
