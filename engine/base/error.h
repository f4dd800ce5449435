// The ways NetSurf says no. Boundaries (files, flags, constructors of checked types) throw these; inside,
// code trusts.
#pragma once

#include <stdexcept>
#include <string>

namespace netsurf {

/// The person can mend it: a flag, a name, a value. The command line exits 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file is not what it claims to be: truncated, wrong magic, sizes that disagree. The command line exits 1.
class FormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The run failed through no fault of the request: full disk, read-only directory, a result that contradicts
/// a stored one.
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace netsurf
