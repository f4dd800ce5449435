// For targets whose reader works in a child process: the child may crash on its input, and that is no find.
#pragma once

#include <pthread.h>

extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

/// From now on a forked child dies without a word to the fuzzer.
inline void ignore_deaths_of_children() {
  pthread_atfork(nullptr, nullptr, [] {
    if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(nullptr);
  });
}
