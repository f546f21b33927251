#include "ChipSystem.h"

#include "driver/uart.h"
#include "esp_attr.h"
#include "esp_heap_caps.h"
#include "esp_system.h"

namespace anomaly {

namespace {

// Starts that have not come to StartDone(). They survive every reset but a loss of power, after
// which they hold anything: each must be the other's complement.
RTC_NOINIT_ATTR uint32_t starts;
RTC_NOINIT_ATTR uint32_t starts_inverse;

void SetStarts(uint32_t count) {
  starts = count;
  starts_inverse = ~count;
}

}  // namespace

void ChipSystem::SetTasks(TaskHandle_t sampling, TaskHandle_t console) {
  sampling_ = sampling;
  console_ = console;
}

void ChipSystem::Reboot() {
  uart_wait_tx_done(UART_NUM_0, pdMS_TO_TICKS(1000));
  esp_restart();
}

const char* ChipSystem::ResetReason() const {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
      return "power-on";
    case ESP_RST_EXT:
      return "reset pin";
    case ESP_RST_SW:
      return "reboot";
    case ESP_RST_PANIC:
      return "panic";
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return "watchdog";
    case ESP_RST_DEEPSLEEP:
      return "deep sleep";
    case ESP_RST_BROWNOUT:
      return "brownout";
    default:
      return "unknown";
  }
}

uint32_t ChipSystem::CountStart() {
  const esp_reset_reason_t reason = esp_reset_reason();
  const bool by_hand = reason == ESP_RST_POWERON || reason == ESP_RST_EXT;
  SetStarts(!by_hand && starts == ~starts_inverse ? starts + 1 : 1);
  return starts;
}

void ChipSystem::StartDone() { SetStarts(0); }

int ChipSystem::Figures(SystemFigure* figures) const {
  int count = 0;
  const auto add = [&](const char* name, int64_t number) {
    figures[count++] = {name, number, nullptr};
  };
  add("heap_free", esp_get_free_heap_size());
  add("heap_min", esp_get_minimum_free_heap_size());
  add("stack_sampling", uxTaskGetStackHighWaterMark(sampling_));
  add("stack_console", uxTaskGetStackHighWaterMark(console_));
  figures[count++] = sensor_(driver_);
  return count;
}

}  // namespace anomaly
