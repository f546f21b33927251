// A voltage on ADC1 that is converted all the time, by DMA: a piezo, an analog microphone. One
// channel, on the first of the sensor's pins.
#pragma once

#include <atomic>

#include "AdcStream.h"
#include "Pins.h"
#include "Platform.h"
#include "SampleInput.h"
#include "SamplePace.h"
#include "esp_adc/adc_continuous.h"

namespace anomaly {

class AdcContinuousInput final : public SampleInput {
 public:
  struct Config {
    const AnalogConfig* analog;
    float rate_hz;
  };

  static constexpr bool CanRead(const Config& config, int channels) {
    return channels == 1 && pins::kSensorCount > 0 && config.analog->adc_max == 4095;
  }

  // `config` must outlive the input.
  AdcContinuousInput(const Config& config, int channels, uint32_t period_us);

  void Begin();
  // Takes up to three seconds: the converter does not run at the rate that it is asked for, so that
  // is measured, and asked for anew.
  void Start();
  const SampleBlock& Wait() override;
  uint32_t lost() const override { return lost_; }
  const char* part() const override { return part_; }

  // For `status`: conversions a second, as measured.
  SystemFigure Figure() const {
    return {"adc_hz", measured_hz_.load(std::memory_order_relaxed), nullptr};
  }

 private:
#if CONFIG_IDF_TARGET_ESP32
  static constexpr AdcLayout kLayout = AdcLayout::kSwappedPairs;
  static constexpr auto kFormat = ADC_DIGI_OUTPUT_FORMAT_TYPE1;
#else
  static constexpr AdcLayout kLayout = AdcLayout::kWords;
  static constexpr auto kFormat = ADC_DIGI_OUTPUT_FORMAT_TYPE2;
#endif
  static constexpr size_t kBytes = AdcStream::kMost * BytesOf(kLayout);

  static bool CountOverflow(adc_continuous_handle_t, const adc_continuous_evt_data_t*, void* input);
  bool Ask(uint32_t rate_hz);
  void Stop();
  void MakeCurve();
  void Tune();
  bool Read(uint32_t* size);
  uint32_t Forget();
  void Drain();
  bool GiveFault();
  void StartAgain();

  const Config& config_;
  VoltageCurve curve_ = {};
  AdcStream stream_;
  SamplePace pace_;
  adc_continuous_handle_t adc_ = nullptr;
  uint32_t frame_bytes_ = 0;    // of a frame of the DMA
  Fault fault_ = Fault::kNone;  // while it is not tuned, or cannot be
  std::atomic<int32_t> measured_hz_{0};
  std::atomic<uint32_t> overflows_{0};  // frames for which there was no room
  uint32_t counted_ = 0;                // of them, in lost_
  bool runs_ = false;
  bool more_faults_ = false;
  bool gap_ = true;
  uint32_t lost_ = 0;
  char part_[24] = {};
  alignas(4) uint8_t bytes_[kBytes] = {};
  float values_[AdcStream::kMost] = {};
  SampleBlock block_ = {};
};

}  // namespace anomaly
