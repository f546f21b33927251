#include "TwinScenes.h"

#include <cmath>

namespace anomaly {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr uint64_t kNoise = 200;  // streams that no twin uses
constexpr uint64_t kJitter = 201;

constexpr int kRotor = 1 << static_cast<int>(TwinKind::kRotor);
constexpr int kBody = 1 << static_cast<int>(TwinKind::kBody);
constexpr int kSound = 1 << static_cast<int>(TwinKind::kSound);

struct About {
  const char* name;
  double seconds;
  int suits;
};
constexpr About kAbout[kScenes] = {
    {"imbalance", 10.0, kRotor},
    {"looseness", 10.0, kRotor},
    {"blocked", 10.0, kRotor},
    {"bearing", 10.0, kRotor},
    {"fall", 5.0, kBody},
    {"shake", 4.0, kBody},
    {"tilt", 6.0, kBody},
    {"clap", 0.1, kSound},
    {"alarm", 4.5, kSound},
    {"glass", 1.5, kSound},
    {"off", 10.0, kSound},
    {"dropout", 1.0, kRotor | kBody | kSound},
    {"stuck", 5.0, kRotor | kBody | kSound},
};
const About& Of(Scene scene) { return kAbout[static_cast<int>(scene)]; }

double Sine(double turns) { return std::sin(2.0 * kPi * (turns - std::floor(turns))); }

// From 0 to 1 within `seconds` of the begin, and back before the end.
double Fade(double since, double left, double seconds) {
  const double u = std::fmin(std::fmin(since, left) / seconds, 1.0);
  return u <= 0.0 ? 0.0 : u * u * (3.0 - 2.0 * u);
}

// What the low-pass of the part lets through.
double Passed(const TwinConfig& config, double hz) {
  if (config.low_pass_hz <= 0.0) return 1.0;
  const double ratio = hz / config.low_pass_hz;
  return 1.0 / (1.0 + ratio * ratio);
}

const TwinTone* Rotation(const TwinConfig& config) {
  for (int i = 0; i < config.tones; ++i) {
    if (config.tone[i].turns) return &config.tone[i];
  }
  return nullptr;
}

// Looseness: halves and multiples of the rotation, as shares of its tone, and a knock a turn.
void Loosen(const TwinConfig& config, double turns, double size, double* values) {
  constexpr double kOrders[] = {0.5, 1.5, 2.0, 2.5, 3.0, 4.0};
  constexpr double kShares[] = {0.4, 0.3, 0.6, 0.2, 0.5, 0.3};
  constexpr double kKnockHz = 160.0;
  constexpr double kKnockDecay = 0.01;  // seconds
  const TwinTone& tone = *Rotation(config);
  double sum = 0.0;
  for (int i = 0; i < 6; ++i) sum += kShares[i] * Sine(kOrders[i] * turns + 0.17 * i);
  const double since = (turns - std::floor(turns)) / tone.hz;
  sum += 2.0 * Passed(config, kKnockHz) * std::exp(-since / kKnockDecay) * Sine(kKnockHz * since);
  for (int c = 0; c < config.channels; ++c) values[c] += size * tone.amplitude[c] * sum;
}

// An outer race: impulses that come nearly evenly; each rings and dies away.
void AddBearing(const TwinConfig& config, double turned, double* values) {
  constexpr double kATurn = 3.6;
  constexpr double kHeight = 1.0;  // g
  constexpr double kRingHz = 3200.0;
  constexpr double kDecay = 0.0008;  // seconds
  const double pace = kATurn * Rotation(config)->hz;
  const double number = std::floor(turned * pace);
  double sum = 0.0;
  for (int back = 1; back >= -1; --back) {
    const double impulse = number - back;
    if (impulse < 0.0) continue;
    const double late = 0.02 * TwinGaussian(1, kJitter, static_cast<uint64_t>(impulse));
    const double since = turned - (impulse + late) / pace;
    if (since >= 0.0) sum += std::exp(-since / kDecay) * Sine(kRingHz * since);
  }
  sum *= kHeight * Passed(config, kRingHz);
  for (int c = 0; c < config.channels; ++c) values[c] += sum;
}

int LargestAxis(const TwinConfig& config) {
  int largest = 0;
  for (int c = 1; c < config.channels; ++c) {
    const double best = std::fabs(config.channel[largest].mean);
    if (std::fabs(config.channel[c].mean) > best) largest = c;
  }
  return largest;
}

// Turns the three axes about one that is level.
void Turn(const TwinConfig& config, double degrees, double* values) {
  const int down = LargestAxis(config);
  const int other = (down + 1) % 3;
  const double angle = degrees * kPi / 180.0;
  const double a = values[down];
  const double b = values[other];
  values[down] = a * std::cos(angle) - b * std::sin(angle);
  values[other] = a * std::sin(angle) + b * std::cos(angle);
}

void Fall(const TwinConfig& config, double since, double left, double* values) {
  constexpr double kFalling = 0.4;  // seconds: 0.8 m
  constexpr double kImpact = 0.06;
  constexpr double kPeak = 5.0;   // g
  constexpr double kFree = 0.05;  // of what there was
  constexpr double kLeft = 1.0;   // seconds in which it is taken up again
  const int down = LargestAxis(config);
  if (since < kFalling) {
    for (int c = 0; c < 3; ++c) values[c] *= kFree;
    return;
  }
  const double after = since - kFalling;
  Turn(config, 90.0 * Fade(after, left, after < kImpact ? kImpact : kLeft), values);
  if (after < kImpact) {
    const double blow = kPeak * std::sin(kPi * after / kImpact);
    values[down] += blow;
    values[(down + 1) % 3] += 0.4 * blow;
  }
}

void Shake(const TwinConfig& config, double since, double left, double* values) {
  constexpr double kSize = 1.2;  // g
  constexpr double kHz = 5.0;
  constexpr double kShares[] = {0.8, 0.5, 0.33};
  const double moved = kSize * Fade(since, left, 0.3) * Sine(kHz * since);
  for (int c = 0; c < config.channels; ++c) values[c] += kShares[c % 3] * moved;
}

double Clap(double since, uint64_t sample) {
  constexpr double kHeight = 0.1;
  constexpr double kDecay = 0.01;  // seconds
  const double noise = std::tanh(0.5 * TwinGaussian(1, kNoise, sample));
  return kHeight * std::exp(-since / kDecay) * noise;
}

double Beep(double since) {
  constexpr double kHeight = 0.02;
  constexpr double kHz = 3100.0;
  const double second = since - std::floor(since);
  return kHeight * Fade(second, 0.5 - second, 0.005) * Sine(kHz * since);
}

// A blow, then splinters that ring, each later one smaller.
double Glass(double since, uint64_t sample) {
  constexpr double kHeight = 0.05;
  constexpr double kPitches[] = {3300.0, 4700.0, 6100.0, 7200.0};
  constexpr double kAt[] = {0.0, 0.12, 0.2, 0.33};
  double sum = std::exp(-since / 0.03) * std::tanh(0.5 * TwinGaussian(1, kNoise, sample));
  for (int i = 0; i < 4; ++i) {
    const double after = since - kAt[i];
    if (after >= 0.0) sum += 0.4 * std::exp(-after / 0.15) * Sine(kPitches[i] * after);
  }
  return kHeight * sum;
}

}  // namespace

const char* SceneName(Scene scene) { return Of(scene).name; }

double SceneSeconds(Scene scene) { return Of(scene).seconds; }

bool SceneSuits(Scene scene, TwinKind kind) {
  return (Of(scene).suits & (1 << static_cast<int>(kind))) != 0;
}

TwinChange SceneChange(Scene scene, double since, double left) {
  TwinChange change;
  if (scene == Scene::kImbalance) change.rotation = 1.0 + 2.0 * Fade(since, left, 1.0);
  if (scene == Scene::kBlocked) change.turning = 1.0 - Fade(since, left, 1.0);
  if (scene == Scene::kOff) change.turning = 1.0 - Fade(since, left, 2.0);
  return change;
}

void AddScene(const TwinConfig& config, Scene scene, double since, double left, double turned,
              uint64_t sample, double* values) {
  switch (scene) {
    case Scene::kLooseness:
      Loosen(config, turned * Rotation(config)->hz, Fade(since, left, 1.0), values);
      break;
    case Scene::kBearing:
      AddBearing(config, turned, values);
      break;
    case Scene::kFall:
      Fall(config, since, left, values);
      break;
    case Scene::kShake:
      Shake(config, since, left, values);
      break;
    case Scene::kTilt:
      Turn(config, 60.0 * Fade(since, left, 1.0), values);
      break;
    case Scene::kClap:
      values[0] += Clap(since, sample);
      break;
    case Scene::kAlarm:
      values[0] += Beep(since);
      break;
    case Scene::kGlass:
      values[0] += Glass(since, sample);
      break;
    default:  // a change of the machine, or a fault of the part
      break;
  }
}

}  // namespace anomaly
