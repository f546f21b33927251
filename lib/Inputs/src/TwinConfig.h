// A machine that can be simulated, as generated into include/model_config.h from [data.synthetic]:
// what the model of a profile was trained on where there was no recording. Units are the sensor's.
#pragma once

#include "Bounds.h"

namespace anomaly {

// Whose anomalies there are to simulate.
enum class TwinKind : unsigned char { kRotor, kBody, kSound };

// A sine. `during`: the bout that it is heard in, -1: always.
struct TwinTone {
  double hz;
  double amplitude[kMaxChannels];
  double wander;  // standard deviation of the amplitude, as a share
  bool turns;     // it follows the machine's speed, and stops with it
  int during;
};

// Noise in a band.
struct TwinResonator {
  double hz;
  double width_hz;
  double amplitude[kMaxChannels];  // root mean square
  double wander;
  bool turns;
  int during;
};

struct TwinChannel {
  double mean;
  double sd;    // of white noise
  double step;  // of a reading; 0: it has none
  double low;   // rails
  double high;
};

struct TwinConfig {
  TwinKind kind;
  double rate_hz;
  double wander_s;
  double speed_wander;
  double bout_s;
  double low_pass_hz;  // of the part, 0: none; the above is what is behind it
  int channels;
  int tones;
  int resonators;
  int bouts;
  const TwinChannel* channel;
  const TwinTone* tone;
  const TwinResonator* resonator;
  const double* bout_ends;  // shares of the bouts, added up
};

}  // namespace anomaly
