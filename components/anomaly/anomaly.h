#pragma once

#include <array>
#include <cmath>

#include "anomaly_detector.h"
#include "esphome/components/sensor/sensor.h"
#include "esphome/core/component.h"
#include "esphome/core/defines.h"
#include "esphome/core/helpers.h"
#include "esphome/core/preferences.h"
#ifdef USE_BINARY_SENSOR
#include "esphome/components/binary_sensor/binary_sensor.h"
#endif
#ifdef USE_TEXT_SENSOR
#include "esphome/components/text_sensor/text_sensor.h"
#endif

// The library has the namespace anomaly for itself.
namespace esphome::anomaly_ {

/// Watches a sensor: whatever the model is, which only the template below knows.
class AnomalyComponent : public Component {
  SUB_SENSOR(score)
  SUB_SENSOR(expected)
  SUB_SENSOR(threshold)
#ifdef USE_BINARY_SENSOR
  SUB_BINARY_SENSOR(anomaly)
  SUB_BINARY_SENSOR(fault)
#endif
#ifdef USE_TEXT_SENSOR
  SUB_TEXT_SENSOR(cause)
  SUB_TEXT_SENSOR(state)
#endif

 public:
  void set_source(sensor::Sensor *source) { this->source_ = source; }
  void set_preference_key(uint32_t key) { this->preference_key_ = key; }

  void setup() override;
  void dump_config() override;
  void on_safe_shutdown() override { this->save_(); }

  /// The threshold in use is the model's own divided by this.
  void set_sensitivity(float sensitivity);
  /// Fits the detector again from so many normal samples to come.
  void learn(uint32_t samples);
  void learn_for(uint32_t milliseconds);
  /// The alarm that is on, or was the last one, was normal.
  void normal();

 protected:
  // The detector.
  virtual const char *error_() = 0;
  virtual ::anomaly::Verdict judge_(float value) = 0;
  virtual ::anomaly::Verdict take_fault_() = 0;
  virtual ::anomaly::Verdict last_() = 0;
  virtual bool learn_(uint32_t samples) = 0;
  virtual bool is_learning_() = 0;
  virtual bool normal_() = 0;
  virtual float default_threshold_() = 0;
  virtual void set_threshold_(float threshold) = 0;
  virtual size_t saved_bytes_() const = 0;
  virtual size_t write_(uint8_t *bytes, size_t size) = 0;
  virtual bool read_(const uint8_t *bytes, size_t size) = 0;

  void take_value_(float value);
  float silence_() const;
  void watch_for_silence_(float seconds);
  void publish_(const ::anomaly::Verdict &verdict);
  void use_threshold_();
  void load_();
  void save_();

  // The largest piece that the preferences of every platform take.
  using Piece = std::array<uint8_t, 240>;
  size_t pieces_() const { return (this->saved_bytes_() + sizeof(Piece) - 1) / sizeof(Piece); }

  sensor::Sensor *source_{nullptr};
  float interval_{0.0f};
  uint32_t preference_key_{0};
  FixedVector<ESPPreferenceObject> preferences_;
  float sensitivity_{1.0f};
  float threshold_{0.0f};  // that was set; 0: the model's own
  bool learning_{false};
};

template<typename Model> class DetectorComponent final : public AnomalyComponent {
 public:
  explicit DetectorComponent(float interval) : detector_(make(interval)) { this->interval_ = interval; }

 protected:
  using Detector = ::anomaly::Detector<Model>;

  /// The rate of a trained model is its own.
  static Detector make(float interval) {
    if constexpr (Model::kIsGeneric) {
      return Detector(interval);
    } else {
      return Detector();
    }
  }

  const char *error_() override { return this->detector_.error(); }
  ::anomaly::Verdict judge_(float value) override { return this->detector_.Update(value); }
  ::anomaly::Verdict take_fault_() override { return this->detector_.TakeFault(); }
  ::anomaly::Verdict last_() override { return this->detector_.started().Told(true); }
  bool learn_(uint32_t samples) override { return this->detector_.Learn(samples); }
  bool is_learning_() override { return this->detector_.learning(); }
  bool normal_() override { return this->detector_.Normal(); }
  float default_threshold_() override { return this->detector_.default_threshold(); }
  void set_threshold_(float threshold) override { this->detector_.SetThreshold(threshold); }
  size_t saved_bytes_() const override { return Detector::kSavedBytes; }
  size_t write_(uint8_t *bytes, size_t size) override { return this->detector_.Save(bytes, size); }
  bool read_(const uint8_t *bytes, size_t size) override {
    const auto found = this->detector_.Load(bytes, size);
    return found == decltype(found)::kUsable;
  }

  Detector detector_;
};

}  // namespace esphome::anomaly_
