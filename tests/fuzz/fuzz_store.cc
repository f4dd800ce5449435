// Opening and exporting a result store that anybody may have made.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/error.h"
#include "engine/store/export.h"
#include "engine/store/sqlite_store.h"
#include "tests/support/temp_dir.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace netsurf;
  // In memory where the system offers it: a disk would be most of the time.
  static const bool in_memory =
      std::filesystem::is_directory("/dev/shm") && ::setenv("TMPDIR", "/dev/shm", 0) == 0;
  static const TempDir folder;
  (void)in_memory;
  std::filesystem::path path = folder.path() / "store.sqlite";
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    auto store = SqliteStore::open_existing(path, {.busy_timeout_ms = 0});
    for (ExportFormat format : {ExportFormat::summary, ExportFormat::trials, ExportFormat::original}) {
      std::ostringstream out;
      write_csv(*store, format, out);
    }
  } catch (const InputError&) {
  } catch (const FormatError&) {
  } catch (const RunError&) {
  }
  return 0;
}
