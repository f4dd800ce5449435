// The network's input: its sizes without the batch, and whether its images have their channels first or last.
#pragma once

#include "models/qonnx/reader_maker.h"
#include "models/qonnx/reader_source.h"

namespace netsurf::qonnx {

/// Adds the input node. Says what the file leaves open: a symbolic or larger batch, the place of the
/// channels. Throws FormatError for sizes that are missing or absurd.
View read_input(const Source& source, Maker& make);

}  // namespace netsurf::qonnx
