// Releases a task at a pace that does not drift: it counts on from the last due time, not from now.
#pragma once

#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

namespace anomaly {

class SampleTimer {
 public:
  // In the task that waits.
  void Start(uint64_t period_us) {
    esp_timer_create_args_t args = {};
    args.callback = [](void* task) { xTaskNotifyGive(static_cast<TaskHandle_t>(task)); };
    args.arg = xTaskGetCurrentTaskHandle();
    args.name = "sampling";
    esp_timer_handle_t timer = nullptr;
    ESP_ERROR_CHECK_WITHOUT_ABORT(esp_timer_create(&args, &timer));
    ESP_ERROR_CHECK_WITHOUT_ABORT(esp_timer_start_periodic(timer, period_us));
  }

  // How many periods have passed since the last call, 1 or more.
  uint32_t Wait() { return ulTaskNotifyTake(pdTRUE, portMAX_DELAY); }
};

}  // namespace anomaly
