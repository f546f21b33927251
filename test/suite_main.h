// The entry point of a Unity suite on every platform: SUITE_MAIN(RunTests) at the end of its file,
// which includes <unity.h> itself (PlatformIO looks for libraries in source files only).
#pragma once

#if defined(ESP_PLATFORM)
#include <cstdio>

// stdout gets its buffer here: without one, a first putchar (Unity's) makes the ESP32's ROM
// allocate it with a struct stat of its own time_t, 32 bits, and the stack is overwritten.
#define SUITE_MAIN(run_tests)                             \
  extern "C" void app_main(void) {                        \
    static char buffer[128];                              \
    std::setvbuf(stdout, buffer, _IOLBF, sizeof(buffer)); \
    UNITY_BEGIN();                                        \
    run_tests();                                          \
    static_cast<void>(UNITY_END());                       \
  }
#else
#define SUITE_MAIN(run_tests) \
  int main() {                \
    UNITY_BEGIN();            \
    run_tests();              \
    return UNITY_END();       \
  }
#endif
