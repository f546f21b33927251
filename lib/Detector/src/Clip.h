#pragma once

namespace anomaly {

inline float Clip(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

}  // namespace anomaly
