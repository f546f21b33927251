// What the link says of this program; the same for the chip and the host.
#pragma once

#include "Link.h"
#include "app_config.h"

namespace anomaly {

constexpr char kFirmwareVersion[] = "1.0.0";

// LINK_ALLOWS_REBOOT=1: `reboot` works over the network, too.
#ifndef LINK_ALLOWS_REBOOT
#ifdef ESP_PLATFORM
#define LINK_ALLOWS_REBOOT 0
#else
#define LINK_ALLOWS_REBOOT 1
#endif
#endif

// `id`: 12 lower-case hexadecimal digits.
inline LinkConfig LinkConfigOf(const ModelConfig& app, const char* id) {
  return {.id = id,
          .firmware = kFirmwareVersion,
          .profile = app.profile,
          .model = app.fingerprint,
          .units = app.value_units,
          .causes = {app.features, app.value_names, app.value_causes},
          .period_us = app.frame_period_us(),
          .allows_reboot = LINK_ALLOWS_REBOOT != 0};
}

}  // namespace anomaly
