// Runs the cells of a study through a backend into a store. What the store has is not computed again, so
// stopping, killing and starting again all lead to the same store.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/faults/trial.h"
#include "engine/store/result_store.h"
#include "engine/sweep/grid.h"
#include "engine/sweep/stop_rule.h"

namespace netsurf {

/// Opens the session of Grid::models[model]. Called once per model, when its turn comes; the session is
/// closed after the model's last cell.
using OpenSession = std::function<std::unique_ptr<Session>(size_t model)>;

struct SweepOptions {
  FaultSpec faults;  // its bit_error_rate is taken from the grid
  bool with_loss = true;
  StopRule stop_rule;
  uint64_t batch = 0;  // trials per transaction; 0: about a second's worth
  RunRecord run;       // path is filled in from the session
};

/// A cell and how many trials it will get; nothing where the outcomes decide.
struct PlannedCell {
  Cell cell;
  std::optional<uint64_t> trials;
};

/// What run_sweep would do with these cells, without a session or a store, so that a wrong request is refused
/// before either is made. `spaces[m]` is the bit space of Grid::models[m]. Throws InputError as run_sweep
/// does.
std::vector<PlannedCell> plan_sweep(const Grid& grid, std::span<const BitSpace> spaces,
                                    const SweepOptions& options, bool has_labels);

struct SweepProgress {
  uint64_t cells_done = 0, cells_total = 0;
  uint64_t trials_done = 0;              // of the cells visited so far, those already stored included
  std::optional<uint64_t> trials_total;  // unknown until a cell's stop rule has spoken
  double trials_per_second = 0;          // of the trials run now
  std::optional<double> seconds_left;
  const CellRecord* cell = nullptr;  // the one at work; never null in a callback
};

struct SweepResult {
  uint64_t cells_done = 0, cells_total = 0;
  uint64_t trials_run = 0;  // by this call
  bool stopped = false;     // by `stop`, before all was done
};

/// Called after every recorded batch and after every finished cell.
using ProgressCallback = std::function<void(const SweepProgress&)>;

/// Runs what is missing. When `stop` becomes true the batch in flight is finished and recorded, then it
/// returns. Throws InputError when grid, options and the store's study do not fit together, and what the
/// backend and the store throw.
SweepResult run_sweep(const Grid& grid, const OpenSession& open_session, ResultStore& store,
                      const SweepOptions& options, const ProgressCallback& progress,
                      const std::atomic<bool>& stop);

}  // namespace netsurf
