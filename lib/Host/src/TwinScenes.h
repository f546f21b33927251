// What may happen to a simulated machine, and which of it suits whom. Sizes are those of the world
// and not of the detector: docs/sensors.md says where they come from.
#pragma once

#include <cstdint>

#include "Twin.h"
#include "TwinConfig.h"

namespace anomaly {

enum class Scene : uint8_t {
  kImbalance,  // the rotation's tone three times as large
  kLooseness,  // its halves and multiples, and a knock a turn
  kBlocked,    // what turns stops within a second
  kBearing,    // impulses at 3.6 a turn, 1 g high, that ring a resonance of 3.2 kHz
  kFall,       // 0.4 s of nearly 0 g, an impact of 5 g, then it lies on another side
  kShake,      // 1.2 g, five times a second
  kTilt,       // turned by 60 degrees within a second, and back
  kClap,       // 10 ms of noise, 0.1 of full scale high
  kAlarm,      // beeps of 3.1 kHz, 0.02 of full scale high, half a second each
  kGlass,      // a blow and splinters, 3.3 to 7.2 kHz, 0.05 of full scale high
  kOff,        // what turns stops within two seconds
  kDropout,    // the part does not answer
  kStuck,      // the same reading
};
constexpr int kScenes = 13;

const char* SceneName(Scene scene);
// How long it takes; of kStuck without the time that the detector takes to believe it.
double SceneSeconds(Scene scene);
bool SceneSuits(Scene scene, TwinKind kind);

// `since`: seconds after its begin, `left`: until its end.
TwinChange SceneChange(Scene scene, double since, double left);

// Changes values [channels] to what there is then. `turned`: the machine's clock.
void AddScene(const TwinConfig& config, Scene scene, double since, double left, double turned,
              uint64_t sample, double* values);

}  // namespace anomaly
