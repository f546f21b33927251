// Settings in the chip's flash, one blob in NVS: a write is whole or did not happen.
#pragma once

#include "Platform.h"
#include "nvs.h"

class NvsSettings final : public SettingsStore {
 public:
  // What fails here shows later as settings that are not kept.
  void Begin();

  size_t Load(void* bytes, size_t room) override;
  bool Save(const void* bytes, size_t size) override;

 private:
  nvs_handle_t handle_ = 0;
  bool open_ = false;
};
