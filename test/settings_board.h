// The part that all boards of the tests share: settings kept in memory.
#pragma once

#include "Board.h"

class SettingsBoard : public Board {
 public:
  bool LoadSetting(Setting setting, float* value) override {
    const auto index = static_cast<size_t>(setting);
    if (has[index]) *value = settings[index];
    return has[index];
  }
  bool SaveSetting(Setting setting, float value) override {
    settings[static_cast<size_t>(setting)] = value;
    has[static_cast<size_t>(setting)] = keeps;
    return keeps;
  }
  void EraseSetting(Setting setting) override { has[static_cast<size_t>(setting)] = false; }

  bool keeps = true;
  bool has[kSettingCount] = {};
  float settings[kSettingCount] = {};
};
