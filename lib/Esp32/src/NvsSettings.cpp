#include "NvsSettings.h"

#include "nvs_flash.h"

namespace anomaly {

namespace {
constexpr char kNamespace[] = "detector";
}  // namespace

void NvsSettings::Begin() {
  esp_err_t status = nvs_flash_init();
  if (status == ESP_ERR_NVS_NO_FREE_PAGES || status == ESP_ERR_NVS_NEW_VERSION_FOUND) {
    status = nvs_flash_erase();
    if (status == ESP_OK) status = nvs_flash_init();
  }
  open_ = status == ESP_OK && nvs_open(kNamespace, NVS_READWRITE, &handle_) == ESP_OK;
}

size_t NvsSettings::Load(void* bytes, size_t room) {
  size_t size = 0;
  if (!open_ || nvs_get_blob(handle_, key_, nullptr, &size) != ESP_OK) return 0;
  if (size > room) return size;
  return nvs_get_blob(handle_, key_, bytes, &size) == ESP_OK ? size : 0;
}

bool NvsSettings::Save(const void* bytes, size_t size) {
  return open_ && nvs_set_blob(handle_, key_, bytes, size) == ESP_OK &&
         nvs_commit(handle_) == ESP_OK;
}

bool NvsSettings::Erase() {
  if (!open_) return false;
  const esp_err_t status = nvs_erase_key(handle_, key_);
  return (status == ESP_OK || status == ESP_ERR_NVS_NOT_FOUND) && nvs_commit(handle_) == ESP_OK;
}

}  // namespace anomaly
