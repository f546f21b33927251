// The firmware on an ESP32. Two tasks run the two sides of DetectorApp: one samples, released by a
// timer, and one talks. docs/firmware.md has their priorities, stacks and timing.
#include "BoardEsp32.h"
#include "Pins.h"
#include "app_config.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"

// custom_engine = dense in platformio.ini
#ifndef ANOMALY_ENGINE_DENSE
#include "GeneratedModel.h"
#endif

namespace {

constexpr UBaseType_t kSamplingPriority = 10;  // over the console, which is ESP-IDF's main task (1)
constexpr uint32_t kSamplingStack = 4096;
constexpr TickType_t kConsolePause = pdMS_TO_TICKS(10);
constexpr uint32_t kWatchdogMs = 5000 + 2 * (model_config::kSamplePeriodUs / 1000);

static_assert(sizeof(pins::kSensor) / sizeof(pins::kSensor[0]) >= model_config::kChannels,
              "SENSOR_GPIO: the profile has more channels than there are pins");
static_assert(model_config::kSensor.adc_max == 4095, "the ADC of this chip has adc_bits = 12");

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

void Sample(void* argument) {
  auto& app = *static_cast<DetectorApp*>(argument);
  esp_task_wdt_add(nullptr);
  for (;;) {
    const uint32_t periods = ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
    if (periods > 1) app.AddMissed(periods - 1);
    app.Sample();
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

TaskHandle_t StartSampling(DetectorApp& app) {
  static StackType_t stack[kSamplingStack];
  static StaticTask_t storage;
  const TaskHandle_t task =
      xTaskCreateStaticPinnedToCore(Sample, "sampling", kSamplingStack, &app, kSamplingPriority,
                                    stack, &storage, portNUM_PROCESSORS - 1);
  // The timer counts on from its last due time, not from now, so the period does not drift.
  esp_timer_create_args_t args = {};
  args.callback = [](void* to_release) { xTaskNotifyGive(static_cast<TaskHandle_t>(to_release)); };
  args.arg = task;
  args.name = "sampling";
  esp_timer_handle_t timer = nullptr;
  ESP_ERROR_CHECK_WITHOUT_ABORT(esp_timer_create(&args, &timer));
  ESP_ERROR_CHECK_WITHOUT_ABORT(esp_timer_start_periodic(timer, model_config::kSamplePeriodUs));
  return task;
}

}  // namespace

extern "C" void app_main(void) {
  static BoardEsp32 board(model_config::kSensor, model_config::kChannels);
  board.Begin();
  static ModelFeatureStorage storage;
  static DetectorApp app(kAppConfig, storage.memory(), board, Engine());
  StartWatchdog();
  app.Start();
  board.SetTasks(StartSampling(app), xTaskGetCurrentTaskHandle());
  for (;;) {
    app.Poll();
    esp_task_wdt_reset();
    vTaskDelay(kConsolePause);
  }
}
