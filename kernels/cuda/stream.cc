#include "kernels/cuda/stream.h"

#include "kernels/cuda/check.h"

namespace netsurf::cuda {

Stream::Stream(Priority priority) {
  int usual = 0, first = 0;
  check(cudaDeviceGetStreamPriorityRange(&usual, &first), "cudaDeviceGetStreamPriorityRange");
  check(cudaStreamCreateWithPriority(&stream_, cudaStreamNonBlocking,
                                     priority == Priority::first ? first : usual),
        "cudaStreamCreateWithPriority");
}
Stream::~Stream() { cudaStreamDestroy(stream_); }
void Stream::wait() const { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

Event::Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
Event::~Event() { cudaEventDestroy(event_); }
void Event::record(const Stream& stream) { check(cudaEventRecord(event_, stream.get()), "cudaEventRecord"); }
void Event::hold(const Stream& stream) const {
  check(cudaStreamWaitEvent(stream.get(), event_, 0), "cudaStreamWaitEvent");
}
void Event::wait() const { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }
double Event::seconds_since(const Event& begin) const {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, begin.event_, event_), "cudaEventElapsedTime");
  return milliseconds * 1e-3;
}

}  // namespace netsurf::cuda
