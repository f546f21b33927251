// A block in the chip's flash, one blob in NVS: a write is whole or did not happen.
#pragma once

#include "Platform.h"
#include "nvs.h"

namespace anomaly {

class NvsSettings final : public SettingsStore {
 public:
  // `key`: the blob's name, at most 15 letters, static.
  explicit NvsSettings(const char* key) : key_(key) {}

  // What fails here shows later as settings that are not kept.
  void Begin();

  size_t Load(void* bytes, size_t room) override;
  bool Save(const void* bytes, size_t size) override;
  bool Erase() override;

 private:
  const char* key_;
  nvs_handle_t handle_ = 0;
  bool open_ = false;
};

}  // namespace anomaly
