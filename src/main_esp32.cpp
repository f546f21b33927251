// The firmware on an ESP32. Two tasks run the two sides of App: one samples, released by a timer,
// and one talks. docs/firmware.md has their priorities, stacks and timing.
#include "AdcContinuousInput.h"
#include "AdcInput.h"
#include "ChipClock.h"
#include "ChipId.h"
#include "ChipSystem.h"
#include "GpioSwitch.h"
#include "I2sInput.h"
#include "Mpu6050Input.h"
#include "NvsSettings.h"
#include "PartitionFlash.h"
#include "Pins.h"
#include "UartLine.h"
#include "app_config.h"
#include "esp_task_wdt.h"
#include "link_config.h"
#if __has_include("dsps_fft2r.h")
#include "EspFft.h"
#endif
// custom_network = mqtt in platformio.ini
#if __has_include("mqtt_client.h")
#define ANOMALY_HAS_NETWORK 1
#include "Identity.h"
#include "MqttTransport.h"
#if CONFIG_IDF_TARGET_ESP32S3
constexpr char kChip[] = "ESP32-S3";
#elif CONFIG_IDF_TARGET_ESP32C3
constexpr char kChip[] = "ESP32-C3";
#else
constexpr char kChip[] = "ESP32";
#endif
#else
#define ANOMALY_HAS_NETWORK 0
#endif

// custom_engine = dense in platformio.ini
#ifndef ANOMALY_ENGINE_DENSE
#include "GeneratedModel.h"
#endif

using namespace anomaly;

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
              "not 12, or an output (LED_GPIO, ..) is one of the sensor's pins (I2C_.., I2S_..)");

Autoencoder& Engine() {
#ifndef ANOMALY_ENGINE_DENSE
  if constexpr (model_config::kHasNetwork) {
    static GeneratedOperators operators;
    model_config::AddOperators(operators);  // Load() says what is missing
    alignas(16) static uint8_t arena[model_config::kArenaSize];
    static TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
    return engine;
  }
#endif
  static model_config::Model::Engine plain(model_config::Model::kNetwork);
  return plain;
}

// The chip's own FFT, where there is one.
RealFft* Fft() {
#if __has_include("dsps_fft2r.h")
  constexpr int32_t kSize = model_config::kFrame.fft_size();
  if constexpr (EspFft::Has(kSize)) {
    static float table[kSize / 2];
    static EspFft fft(model_config::kFrame.turns(), table, kSize);
    if (fft.Begin()) return &fft;
  }
#endif
  return nullptr;
}

// A buzzer or a relay; nullptr where it has no pin.
template <int kPin, bool kIsActiveLow>
Switch* Optional() {
  if constexpr (kPin >= 0) {
    static GpioSwitch part(kPin, kIsActiveLow);
    part.Begin();
    return &part;
  }
  return nullptr;
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
  static GpioSwitch led(pins::kLed);
  static UartLine serial;
  static NvsSettings settings("settings");
  static NvsSettings learnt("learnt");
  static PartitionFlash events("events");
  led.Begin();
  Switch* const buzzer = Optional<pins::kBuzzer, pins::kBuzzerIsActiveLow>();
  Switch* const relay = Optional<pins::kRelay, pins::kRelayIsActiveLow>();
  serial.Begin();
#if ANOMALY_HAS_NETWORK
  static Identity identity;
  static MqttTransport network(identity);
  identity.Begin();  // before the ADC is at work
  Transport* const transport = &network;
#else
  Transport* const transport = nullptr;
#endif
  input.Begin();
  settings.Begin();
  learnt.Begin();
  events.Begin();
  static ChipSystem system([](void* driver) { return static_cast<Driver*>(driver)->Figure(); },
                           &input);
  static const LinkConfig link_config = LinkConfigOf(model_config::kConfig, ChipId());
  const auto platform = [&](SerialLine& line) -> Platform {
    return {clock, led, line, settings, system, &learnt, buzzer, relay};
  };
  static Link link(link_config, platform(serial), events, transport);
  static Detector<model_config::Model, Autoencoder&> detector(Engine(), Fft());
  static ModelMemory storage;
  static App app(detector, storage.memory(), platform(link.console()), input, &link);
#if ANOMALY_HAS_NETWORK
  static ProvisioningConsole provisioning(kFirmwareVersion, kChip, ChipId(), identity, serial);
  link.SetProvisioning(&provisioning);
  system.SetProvisioning(&identity);
  network.Begin();
#endif
  StartWatchdog();
  app.Start();
  system.SetTasks(StartSampling(app, input), xTaskGetCurrentTaskHandle());
  for (;;) {
    app.Poll();
    esp_task_wdt_reset();
    vTaskDelay(kConsolePause);
  }
}
