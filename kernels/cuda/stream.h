// Work that the device does in order, and marks within it.
#pragma once

struct CUstream_st;
struct CUevent_st;

namespace netsurf::cuda {

/// Whose blocks a multiprocessor takes when it has room for some, not all.
enum class Priority { usual, first };

class Stream {
 public:
  /// On the device in use.
  explicit Stream(Priority priority = Priority::usual);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  CUstream_st* get() const { return stream_; }
  /// Until all that was put into the stream is done. Throws what the work failed with.
  void wait() const;

 private:
  CUstream_st* stream_ = nullptr;
};

class Event {
 public:
  Event();
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Marks what `stream` holds by now.
  void record(const Stream& stream);
  /// What `stream` gets from here on starts after the mark.
  void hold(const Stream& stream) const;
  /// Waits on the host for the mark.
  void wait() const;
  /// Seconds on the device from `begin` to this mark. Both have been reached.
  double seconds_since(const Event& begin) const;

 private:
  CUevent_st* event_ = nullptr;
};

}  // namespace netsurf::cuda
