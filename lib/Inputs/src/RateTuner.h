// A converter that runs at another rate than it is asked for, and nobody knows by how much: it is
// asked, measured, and asked again in proportion. (An ESP32's ADC runs at the rate divided by 1.22
// with some versions of ESP-IDF, and at the rate with others.)
#pragma once

#include <cstdint>

namespace anomaly {

class RateTuner {
 public:
  enum class Result : uint8_t {
    kMeasures,  // more conversions, please
    kAskAgain,  // ask() has changed: start the converter anew
    kRight,     // it runs at the wanted rate
    kGivesUp,   // it does not get there
  };

  explicit RateTuner(float wanted_hz) : wanted_hz_(wanted_hz), ask_hz_(wanted_hz) {}

  // What to ask for now.
  uint32_t ask_hz() const { return static_cast<uint32_t>(ask_hz_ + 0.5f); }
  float measured_hz() const { return measured_hz_; }

  // Conversions that came at a time, all of them in their order.
  Result Take(uint32_t conversions, int64_t micros);

 private:
  float wanted_hz_;
  float ask_hz_;
  float measured_hz_ = 0.0f;
  int tries_ = 0;
  bool measures_ = false;
  int64_t since_ = 0;
  uint32_t count_ = 0;
};

}  // namespace anomaly
