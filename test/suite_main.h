// The entry point of a Unity suite on every platform: SUITE_MAIN(RunTests) at the end of its file,
// which includes <unity.h> itself (PlatformIO looks for libraries in source files only).
#pragma once

#if defined(ESP_PLATFORM)
#define SUITE_MAIN(run_tests)       \
  extern "C" void app_main(void) {  \
    UNITY_BEGIN();                  \
    run_tests();                    \
    static_cast<void>(UNITY_END()); \
  }
#else
#define SUITE_MAIN(run_tests) \
  int main() {                \
    UNITY_BEGIN();            \
    run_tests();              \
    return UNITY_END();       \
  }
#endif
