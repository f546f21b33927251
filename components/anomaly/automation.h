#pragma once

#include "anomaly.h"
#include "esphome/core/automation.h"

namespace esphome::anomaly_ {

template<typename... Ts> class LearnAction : public Action<Ts...>, public Parented<AnomalyComponent> {
 public:
  TEMPLATABLE_VALUE(uint32_t, samples)
  TEMPLATABLE_VALUE(uint32_t, duration)

  void play(const Ts &...x) override {
    if (this->samples_.has_value()) {
      this->parent_->learn(this->samples_.value(x...));
    } else {
      this->parent_->learn_for(this->duration_.value(x...));
    }
  }
};

template<typename... Ts> class NormalAction : public Action<Ts...>, public Parented<AnomalyComponent> {
 public:
  void play(const Ts &...x) override { this->parent_->normal(); }
};

}  // namespace esphome::anomaly_
