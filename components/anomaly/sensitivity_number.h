#pragma once

#include "esphome/core/defines.h"
#ifdef USE_NUMBER

#include "anomaly.h"
#include "esphome/components/number/number.h"
#include "esphome/core/preferences.h"

namespace esphome::anomaly_ {

class SensitivityNumber : public number::Number, public Component, public Parented<AnomalyComponent> {
 public:
  void setup() override {
    this->preference_ = this->make_entity_preference<float>();
    float value = 1.0f;
    this->preference_.load(&value);
    this->parent_->set_sensitivity(value);
    this->publish_state(value);
  }

 protected:
  void control(float value) override {
    this->preference_.save(&value);
    this->parent_->set_sensitivity(value);
    this->publish_state(value);
  }

  ESPPreferenceObject preference_;
};

}  // namespace esphome::anomaly_

#endif  // USE_NUMBER
