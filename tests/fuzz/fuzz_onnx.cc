// Model files from outside: any bytes are read or refused. What is read can be saved, and comes back the
// same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "models/qonnx/onnx_export.h"
#include "models/qonnx/onnx_import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    netsurf::Model model = netsurf::model_from_onnx({reinterpret_cast<const char*>(data), size}, "fuzz");
    std::string saved;
    try {
      saved = netsurf::model_to_onnx(model);
    } catch (const netsurf::InputError&) {
      return 0;  // names that are no text
    }
    if (netsurf::model_from_onnx(saved, "again").digest() != model.digest()) std::abort();
  } catch (const netsurf::FormatError&) {
  } catch (const netsurf::InputError&) {
  }
  return 0;
}
