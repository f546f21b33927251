#pragma once

#include <cstdint>

#define pdMS_TO_TICKS(ms) static_cast<uint32_t>(ms)
