// The one place that includes the generated protobuf header of ONNX, and the names both directions share.
// Internal to models/: protobuf types stay out of public headers.
#pragma once

#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace netsurf {

/// Domain of the Quant operator in files we write, and its older spellings that mean the same.
inline constexpr std::string_view kQuantDomain = "qonnx.custom_op.general";
inline constexpr std::array kQuantDomains = {kQuantDomain, std::string_view("onnx.brevitas"),
                                             std::string_view("finn.custom_op.general")};

inline constexpr int64_t kMinOpset = 9;
inline constexpr int64_t kOpset = 11;
/// The first operator set whose AveragePool knows dilations; declared only by networks that need it.
inline constexpr int64_t kDilatedAverageOpset = 19;

inline constexpr int64_t kIrVersion = 7;
/// What protobuf can hold in one message.
inline constexpr uint64_t kMaxFileBytes = (uint64_t{1} << 31) - 1;

}  // namespace netsurf
