// The board on an ESP32, S3 or C3: sensors on ADC1, an LED, the console on UART0, settings in NVS.
#pragma once

#include "Board.h"
#include "esp_adc/adc_cali.h"
#include "esp_adc/adc_oneshot.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs.h"

class BoardEsp32 final : public Board {
 public:
  // `sensor` must outlive the board; it has `channels` of them, on the pins of Pins.h.
  BoardEsp32(const SensorConfig& sensor, int channels) : sensor_(sensor), channels_(channels) {}

  // Sets up the hardware; call once, before anything else. What fails here shows later: a sensor
  // as a FAULT, settings as not kept.
  void Begin();

  // The tasks whose stacks `status` reports.
  void SetTasks(TaskHandle_t sampling, TaskHandle_t console);

  SensorSample ReadSensor() override;
  void SetLed(bool on) override;
  uint32_t Stopwatch() override;
  int64_t NowMicros() const override;
  void Write(const char* text, size_t size) override;
  int ReadByte() override;
  bool LoadSetting(Setting setting, float* value) override;
  bool SaveSetting(Setting setting, float value) override;
  void EraseSetting(Setting setting) override;
  void Reboot() override;
  const char* ResetReason() const override;
  uint32_t CountStart() override;
  void StartDone() override;
  void AddStatus(LineBuffer& line) override;

 private:
  void BeginSensor();
  void BeginSettings();
  SensorFault ReadChannel(int index, float* value);

  const SensorConfig& sensor_;
  int channels_;
  adc_oneshot_unit_handle_t adc_ = nullptr;
  adc_cali_handle_t calibration_[kMaxChannels] = {};  // nullptr: the chip has no calibration values
  nvs_handle_t settings_ = 0;
  bool settings_open_ = false;
  TaskHandle_t sampling_ = nullptr;
  TaskHandle_t console_ = nullptr;
};
