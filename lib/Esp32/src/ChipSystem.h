// Resets of the chip, and what is left of its memory.
#pragma once

#include "Platform.h"
#include "Provisioning.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

namespace anomaly {

class ChipSystem final : public System {
 public:
  // `sensor`: what there is to say of the sensor's driver, asked anew each time.
  ChipSystem(SystemFigure (*sensor)(void* driver), void* driver)
      : sensor_(sensor), driver_(driver) {}

  // What a factory reset wipes besides; nullptr: nothing.
  void SetProvisioning(Provisioning* provisioning) { provisioning_ = provisioning; }

  // The tasks whose stacks `status` reports.
  void SetTasks(TaskHandle_t sampling, TaskHandle_t console);

  void Reboot() override;
  const char* ResetReason() const override;
  uint32_t CountStart() override;
  void StartDone() override;
  void ForgetCredentials() override {
    if (provisioning_ != nullptr) (void)provisioning_->Wipe();
  }
  int Figures(SystemFigure* figures) const override;

 private:
  SystemFigure (*sensor_)(void* driver);
  void* driver_;
  Provisioning* provisioning_ = nullptr;
  TaskHandle_t sampling_ = nullptr;
  TaskHandle_t console_ = nullptr;
};

}  // namespace anomaly
