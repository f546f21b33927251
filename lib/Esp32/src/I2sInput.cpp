#include "I2sInput.h"

#include "driver/gpio.h"
#include "esp_attr.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

namespace anomaly {

namespace {

// The ADC of an ESP32 takes the first, if it converts all the time.
constexpr auto kPort = static_cast<i2s_port_t>(SOC_I2S_NUM > 1 ? 1 : 0);
constexpr float kHeldSeconds = 0.16f;  // a write into the flash stops the task for so long
constexpr uint32_t kWaitMs = 100;

// From RAM: it counts also while the flash is being written.
bool IRAM_ATTR CountOverflow(i2s_chan_handle_t, i2s_event_data_t*, void* overflows) {
  static_cast<std::atomic<uint32_t>*>(overflows)->fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

I2sInput::I2sInput(const Config& config, int, uint32_t)
    : config_(config), microphone_(config), pace_(config.rate_hz) {}

void I2sInput::Begin() {
  i2s_chan_config_t channel = I2S_CHANNEL_DEFAULT_CONFIG(kPort, I2S_ROLE_MASTER);
  // One is being filled, one is being read.
  channel.dma_desc_num = static_cast<uint32_t>(kHeldSeconds * config_.rate_hz) / kFrames + 3;
  channel.dma_frame_num = kFrames;
  i2s_std_config_t config = {};
  config.clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(static_cast<uint32_t>(config_.rate_hz));
  config.slot_cfg =
      I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_STEREO);
  config.gpio_cfg.mclk = I2S_GPIO_UNUSED;
  config.gpio_cfg.bclk = static_cast<gpio_num_t>(pins::kI2s[0]);
  config.gpio_cfg.ws = static_cast<gpio_num_t>(pins::kI2s[1]);
  config.gpio_cfg.dout = I2S_GPIO_UNUSED;
  config.gpio_cfg.din = static_cast<gpio_num_t>(pins::kI2s[2]);
  i2s_event_callbacks_t callbacks = {};
  callbacks.on_recv_q_ovf = CountOverflow;
  if (i2s_new_channel(&channel, nullptr, &channel_) != ESP_OK ||
      i2s_channel_init_std_mode(channel_, &config) != ESP_OK ||
      i2s_channel_register_event_callback(channel_, &callbacks, &overflows_) != ESP_OK) {
    channel_ = nullptr;
    return;
  }
  // In the slot that nobody drives, and without a microphone, the line rests at 0.
  gpio_set_pull_mode(config.gpio_cfg.din, GPIO_PULLDOWN_ONLY);
}

void I2sInput::Start() {
  pace_.Told(esp_timer_get_time());
  if (channel_ != nullptr) ESP_ERROR_CHECK_WITHOUT_ABORT(i2s_channel_enable(channel_));
}

const SampleBlock& I2sInput::Wait() {
  if (more_faults_ && GiveFault()) return block_;
  for (;;) {
    if (!ReadBuffer()) {
      if (GiveFault()) return block_;
      continue;
    }
    const int count = microphone_.Take(slots_, kFrames, values_);
    if (microphone_.changed()) gap_ = true;
    if (count == 0) {  // it wakes up
      pace_.Told(esp_timer_get_time());
      continue;
    }
    const int64_t first = pace_.Follow(esp_timer_get_time(), count);
    block_ = {values_, count, microphone_.fault(), gap_, first};
    gap_ = microphone_.changed();
    return block_;
  }
}

// So many samples as are due; false: none is.
bool I2sInput::GiveFault() {
  block_ = pace_.TakeFault(esp_timer_get_time(), kFrames, Fault::kNoAnswer, values_);
  more_faults_ = block_.count == kFrames;
  return block_.count > 0;
}

// A whole buffer, so that a hole is between two of them.
bool I2sInput::ReadBuffer() {
  const uint32_t before = overflows_.load(std::memory_order_relaxed);
  size_t size = 0;
  if (channel_ == nullptr) {
    vTaskDelay(pdMS_TO_TICKS(kWaitMs));
    return false;
  }
  if (i2s_channel_read(channel_, slots_, sizeof(slots_), &size, kWaitMs) != ESP_OK ||
      size != sizeof(slots_)) {
    // It gives nothing although it has its own clock: begin again, with a whole buffer.
    i2s_channel_disable(channel_);
    i2s_channel_enable(channel_);
    microphone_.Restart();
    gap_ = true;
    return false;
  }
  if (holes_.Take(before, overflows_.load(std::memory_order_relaxed))) gap_ = true;
  return true;
}

}  // namespace anomaly
