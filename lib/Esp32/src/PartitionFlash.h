// A partition of the chip's flash as it is, without a file system: the ring of events.
#pragma once

#include "Platform.h"
#include "esp_partition.h"

namespace anomaly {

class PartitionFlash final : public Flash {
 public:
  // `label`: of partitions.csv, static.
  explicit PartitionFlash(const char* label) : label_(label) {}

  // What is missing has size 0.
  void Begin() {
    partition_ =
        esp_partition_find_first(ESP_PARTITION_TYPE_ANY, ESP_PARTITION_SUBTYPE_ANY, label_);
  }

  uint32_t size() const override { return partition_ == nullptr ? 0 : partition_->size; }
  bool Read(uint32_t offset, void* bytes, size_t size) override {
    return esp_partition_read(partition_, offset, bytes, size) == ESP_OK;
  }
  bool Write(uint32_t offset, const void* bytes, size_t size) override {
    return esp_partition_write(partition_, offset, bytes, size) == ESP_OK;
  }
  bool Erase(uint32_t sector_offset) override {
    return esp_partition_erase_range(partition_, sector_offset, kSector) == ESP_OK;
  }

 private:
  const char* label_;
  const esp_partition_t* partition_ = nullptr;
};

}  // namespace anomaly
