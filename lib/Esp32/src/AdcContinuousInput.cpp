#include "AdcContinuousInput.h"

#include <cstdio>

#include "AdcCalibration.h"
#include "RateTuner.h"
#include "esp_attr.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

namespace anomaly {

namespace {

constexpr auto kChannel = static_cast<adc_channel_t>(pins::AdcChannel(pins::kSensor[0]));
#if CONFIG_IDF_TARGET_ESP32C3
constexpr uint8_t kChannelBits = 3;
#else
constexpr uint8_t kChannelBits = 4;
#endif

// The DMA has five frames, and what they hold goes into a pool of eight more: together 260 ms, of
// which the pool alone is longer than a write into the flash.
constexpr float kFrameSeconds = 0.02f;
constexpr uint32_t kFramesOfPool = 8;
constexpr uint32_t kWaitMs = 100;
constexpr int kMostSilent = 5;  // reads without a conversion, while the rate is measured

uint32_t ConversionsHz(const AdcContinuousInput::Config& config) {
  return static_cast<uint32_t>(config.rate_hz * static_cast<float>(config.analog->oversampling));
}

}  // namespace

AdcContinuousInput::AdcContinuousInput(const Config& config, int, uint32_t)
    : config_(config),
      stream_(*config.analog, curve_, kLayout, static_cast<uint8_t>(kChannel), kChannelBits),
      pace_(config.rate_hz) {
  std::snprintf(part_, sizeof(part_), "the ADC, GPIO%d", pins::kSensor[0]);
}

// From RAM: it counts also while the flash is being written.
bool IRAM_ATTR AdcContinuousInput::CountOverflow(adc_continuous_handle_t,
                                                 const adc_continuous_evt_data_t*, void* input) {
  static_cast<AdcContinuousInput*>(input)->overflows_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void AdcContinuousInput::Begin() {
  MakeCurve();
  const float conversions = kFrameSeconds * static_cast<float>(ConversionsHz(config_));
  // Whole words of the DMA, and pairs.
  const uint32_t count = (static_cast<uint32_t>(conversions) + 3) & ~uint32_t{3};
  frame_bytes_ = count * static_cast<uint32_t>(BytesOf(kLayout));
  adc_continuous_handle_cfg_t memory = {};
  memory.conv_frame_size = frame_bytes_;
  memory.max_store_buf_size = kFramesOfPool * frame_bytes_;
  if (adc_continuous_new_handle(&memory, &adc_) != ESP_OK) adc_ = nullptr;
  if (adc_ == nullptr) return;
  adc_continuous_evt_cbs_t callbacks = {};
  callbacks.on_pool_ovf = CountOverflow;
  ESP_ERROR_CHECK_WITHOUT_ABORT(adc_continuous_register_event_callbacks(adc_, &callbacks, this));
}

// From the chip's calibration where it has one, else a straight line to full scale.
void AdcContinuousInput::MakeCurve() {
  const adc_cali_handle_t calibration = MakeCalibration(kChannel);
  const float full = config_.analog->channels[0].full_scale_volts;
  const auto adc_max = static_cast<float>(config_.analog->adc_max);
  for (int i = 0; i < VoltageCurve::kPoints; ++i) {
    const int end = i * VoltageCurve::kStep;
    const int count = end < config_.analog->adc_max ? end : config_.analog->adc_max;
    int millivolts = 0;
    if (calibration != nullptr &&
        adc_cali_raw_to_voltage(calibration, count, &millivolts) == ESP_OK) {
      curve_.volts[i] = static_cast<float>(millivolts) / 1000.0f;
    } else {
      curve_.volts[i] = full * static_cast<float>(count) / adc_max;
    }
  }
}

bool AdcContinuousInput::Ask(uint32_t rate_hz) {
  adc_digi_pattern_config_t pattern = {};
  pattern.atten = kAttenuation;
  pattern.channel = static_cast<uint8_t>(kChannel);
  pattern.unit = ADC_UNIT_1;
  pattern.bit_width = ADC_BITWIDTH_12;
  adc_continuous_config_t config = {};
  config.pattern_num = 1;
  config.adc_pattern = &pattern;
  config.sample_freq_hz = rate_hz;
  config.conv_mode = ADC_CONV_SINGLE_UNIT_1;
  config.format = kFormat;
  runs_ = adc_continuous_config(adc_, &config) == ESP_OK && adc_continuous_start(adc_) == ESP_OK;
  return runs_;
}

void AdcContinuousInput::Stop() {
  if (runs_) ESP_ERROR_CHECK_WITHOUT_ABORT(adc_continuous_stop(adc_));
  runs_ = false;
}

bool AdcContinuousInput::Read(uint32_t* size) {
  return adc_continuous_read(adc_, bytes_, kBytes, size, kWaitMs) == ESP_OK;
}

void AdcContinuousInput::Start() {
  pace_.Told(esp_timer_get_time());
  Tune();
}

// Asks for a rate, measures, and asks anew until it is right.
void AdcContinuousInput::Tune() {
  RateTuner tuner(static_cast<float>(ConversionsHz(config_)));
  fault_ = Fault::kNoAnswer;
  if (adc_ == nullptr || !Ask(tuner.ask_hz())) return;
  Drain();
  int silent = 0;
  for (;;) {
    uint32_t size = 0;
    if (!Read(&size) && ++silent > kMostSilent) return Stop();
    // All that is there: whole frames of the DMA, which came just now.
    const uint32_t conversions = size / static_cast<uint32_t>(BytesOf(kLayout)) + Forget();
    switch (tuner.Take(conversions, esp_timer_get_time())) {
      case RateTuner::Result::kMeasures:
        continue;
      case RateTuner::Result::kAskAgain:
        Stop();
        fault_ = Fault::kWrongRate;  // where the driver does not take the rate that would be right
        if (!Ask(tuner.ask_hz())) return;
        Drain();
        continue;
      case RateTuner::Result::kRight:
      case RateTuner::Result::kGivesUp:
        break;
    }
    break;
  }
  measured_hz_.store(static_cast<int32_t>(tuner.measured_hz()), std::memory_order_relaxed);
  const float off = tuner.measured_hz() / static_cast<float>(ConversionsHz(config_));
  Drain();
  counted_ = overflows_.load(std::memory_order_relaxed);
  fault_ = off > 0.99f && off < 1.01f ? Fault::kNone : Fault::kWrongRate;
}

const SampleBlock& AdcContinuousInput::Wait() {
  if (more_faults_ && GiveFault()) return block_;
  for (;;) {
    const uint32_t overflows = overflows_.load(std::memory_order_relaxed);
    if (overflows != counted_) {
      // Nobody knows behind which of those that wait the hole is.
      const uint32_t bytes = (overflows - counted_) * frame_bytes_;
      lost_ += bytes / static_cast<uint32_t>(BytesOf(kLayout)) / config_.analog->oversampling;
      counted_ = overflows;
      Drain();
    }
    uint32_t size = 0;
    if (!runs_ || !Read(&size)) {
      StartAgain();
      if (GiveFault()) return block_;
      continue;
    }
    const int count = stream_.Take(bytes_, size, values_);
    if (count == 0) continue;
    const int64_t first = pace_.Follow(esp_timer_get_time(), count);
    block_ = {values_, count, fault_ == Fault::kNone ? stream_.fault() : fault_, gap_, first};
    gap_ = false;
    return block_;
  }
}

// So many samples as are due; false: none is.
bool AdcContinuousInput::GiveFault() {
  block_ = pace_.TakeFault(esp_timer_get_time(), AdcStream::kMost, Fault::kNoAnswer, values_);
  more_faults_ = block_.count == AdcStream::kMost;
  return block_.count > 0;
}

// Reads what waits; how many conversions that were.
uint32_t AdcContinuousInput::Forget() {
  uint32_t size = 0;
  uint32_t conversions = 0;
  while (adc_continuous_read(adc_, bytes_, kBytes, &size, 0) == ESP_OK) {
    conversions += size / static_cast<uint32_t>(BytesOf(kLayout));
  }
  return conversions;
}

// Forgets what waits; it counts as lost, and what follows begins anew.
void AdcContinuousInput::Drain() {
  const uint32_t conversions = Forget();
  if (fault_ == Fault::kNone) lost_ += conversions / config_.analog->oversampling;
  stream_.Reset();
  gap_ = true;
}

void AdcContinuousInput::StartAgain() {
  if (adc_ == nullptr) return vTaskDelay(pdMS_TO_TICKS(kWaitMs));
  Stop();
  Tune();
}

}  // namespace anomaly
