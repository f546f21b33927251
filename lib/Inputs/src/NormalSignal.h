// What the normal data of a model look like, as generated into include/model_config.h: a level with
// noise on it. A simulated sensor is made of it.
#pragma once

namespace anomaly {

struct NormalSignal {
  int channels;
  const float* level;   // [channels], in the sensor's unit
  const float* noise;   // [channels], standard deviation
  const float* colour;  // [channels], what is left of the noise one sample later, -1..1
  const float*
      mixing;  // lower triangle, row after row: what channels have in common of what is new
};

}  // namespace anomaly
