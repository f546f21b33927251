// The firmware on an ESP32. Two tasks run the two sides of App: one samples, released by a timer,
// and one talks. docs/firmware.md has their priorities, stacks and timing.
#include "AdcContinuousInput.h"
#include "AdcInput.h"
#include "ChipClock.h"
#include "ChipSystem.h"
#include "GpioLed.h"
#include "I2sInput.h"
#include "Mpu6050Input.h"
#include "NvsSettings.h"
#include "UartLine.h"
#include "app_config.h"
#include "esp_task_wdt.h"

// custom_engine = dense in platformio.ini
#ifndef ANOMALY_ENGINE_DENSE
#include "GeneratedModel.h"
#endif

namespace {

constexpr UBaseType_t kSamplingPriority = 10;  // over the console, which is ESP-IDF's main task (1)
constexpr uint32_t kSamplingStack = 4096;
constexpr TickType_t kConsolePause = pdMS_TO_TICKS(10);
constexpr uint32_t kWatchdogMs = 5000 + 2 * (model_config::kSamplePeriodUs / 1000);

// What reads the profile's sensor, and how it is set.
using Driver = model_config::Driver;
constexpr const Driver::Config& kDriverConfig = model_config::kDriverConfig<Driver::Config>;
static_assert(Driver::CanRead(kDriverConfig, model_config::kChannels),
              "this chip cannot read the profile's sensor: too few pins (SENSOR_GPIO), adc_bits is "
              "not 12, or LED_GPIO is one of the sensor's pins (I2C_..., I2S_...)");

Autoencoder& Engine() {
  if (!model_config::kHasNetwork) {
    static MeanAutoencoder engine(model_config::kFeatureCount);
    return engine;
  }
#ifdef ANOMALY_ENGINE_DENSE
  static DenseAutoencoder engine(model_config::kDenseModel);
#else
  static GeneratedOperators operators;
  model_config::AddOperators(operators);  // Load() says what is missing
  alignas(16) static uint8_t arena[model_config::kArenaSize];
  static TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
#endif
  return engine;
}

// What the sampling task works with.
struct Sampling {
  App& app;
  Driver& input;
};

void Sample(void* argument) {
  const auto& sampling = *static_cast<Sampling*>(argument);
  esp_task_wdt_add(nullptr);
  sampling.input.Start();
  for (;;) {
    sampling.app.Step();
    esp_task_wdt_reset();
  }
}

// Over this task from now on; the sampling task adds itself.
void StartWatchdog() {
  esp_task_wdt_config_t config = {};
  config.timeout_ms = kWatchdogMs;
  config.trigger_panic = true;
  ESP_ERROR_CHECK_WITHOUT_ABORT(esp_task_wdt_reconfigure(&config));
  ESP_ERROR_CHECK_WITHOUT_ABORT(esp_task_wdt_add(nullptr));
}

TaskHandle_t StartSampling(App& app, Driver& input) {
  static StackType_t stack[kSamplingStack];
  static StaticTask_t storage;
  static Sampling sampling = {app, input};
  return xTaskCreateStaticPinnedToCore(Sample, "sampling", kSamplingStack, &sampling,
                                       kSamplingPriority, stack, &storage, portNUM_PROCESSORS - 1);
}

}  // namespace

extern "C" void app_main(void) {
  static Driver input(kDriverConfig, model_config::kChannels, model_config::kSamplePeriodUs);
  static ChipClock clock;
  static GpioLed led;
  static UartLine serial;
  static NvsSettings settings("settings");
  static NvsSettings learnt("learnt");
  led.Begin();
  serial.Begin();
  input.Begin();
  settings.Begin();
  learnt.Begin();
  static ChipSystem system([](void* driver) { return static_cast<Driver*>(driver)->Figure(); },
                           &input);
  static ModelMemory storage;
  static App app(kAppConfig, storage.memory(), {clock, led, serial, settings, system, &learnt},
                 input, Engine());
  StartWatchdog();
  app.Start();
  system.SetTasks(StartSampling(app, input), xTaskGetCurrentTaskHandle());
  for (;;) {
    app.Poll();
    esp_task_wdt_reset();
    vTaskDelay(kConsolePause);
  }
}
