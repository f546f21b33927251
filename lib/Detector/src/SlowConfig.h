// Constants of the slow charts and what they learn, as generated into include/model_config.h.
// SlowCharts.h says what they do. Minutes are those of running time.
#pragma once

#include <cstdint>

namespace anomaly {

// Time constants of the exponential means, in minutes. The fast ones begin anew at a start, since
// they have forgotten by then.
constexpr int kSlowScales = 5;
constexpr int kSlowFastScales = 3;
constexpr float kSlowTau[kSlowScales] = {2.0f, 15.0f, 60.0f, 360.0f, 1440.0f};
constexpr uint16_t kSlowLeastCycles = 8;  // before the period is judged, and the clock
constexpr uint16_t kSlowFirstCycles = 4;  // that are taken as they are

// The charts, in this order. A trend is the difference of two means that follow each other; an
// activity the logarithm of how far a faster mean is from a slower one.
enum SlowChart : uint8_t {
  kSlowLevel = 0,                                // the mean of each scale
  kSlowTrend = kSlowLevel + kSlowScales,         // 15 min, 1 h, 6 h, 1 day
  kSlowActivity = kSlowTrend + kSlowScales - 1,  // 15 min, 1 h, 1 day
  kSlowPeriod = kSlowActivity + 3,               // of the value's own cycle, log minutes
  kSlowDwell,                                    // since the last cycle began, log minutes
  kSlowLearntCharts,                             // those that learn from the days
  kSlowClock = kSlowLearntCharts,                // the dwell against the period, in the first days
  kSlowCharts,
};
constexpr int kSlowEnergies = 3;
constexpr float kSlowEnergyTau[kSlowEnergies] = {60.0f, 240.0f, 720.0f};  // minutes

// The minutes that a chart averages over: a level over its time constant, a trend over that of its
// faster mean, an activity over that of its energy, a cycle over the fastest mean.
constexpr float SlowAveraging(int chart) {
  return chart < kSlowTrend      ? kSlowTau[chart - kSlowLevel]
         : chart < kSlowActivity ? kSlowTau[chart - kSlowTrend]
         : chart < kSlowPeriod   ? kSlowEnergyTau[chart - kSlowActivity]
                                 : kSlowTau[0];
}

// Upper and lower side of a chart.
constexpr int kSlowSides = 2;

// How the days of a chart become its limit: mean + reach * sqrt(variance * (1 + doubt / days) +
// floor^2), with the mean and the variance of the largest value of a day. Its mirror is the lower
// limit.
struct SlowRule {
  float reach;  // standard deviations; 0: the chart is not judged
  float doubt;  // days of history whose variance has been half seen
  float floor;  // least standard deviation
};

// What the count-th value weighs in an exponential mean.
constexpr float SlowWeight(float count, float tau) { return 1.0f / (count < tau ? count : tau); }

struct SlowExtreme {
  float mean;
  float variance;
};

// Beyond what any value has been: nothing was seen yet.
constexpr float kSlowNever = 1e30f;

// What one value's charts have learnt. It outlives a reboot; a recording is learnt in the same way.
struct SlowLearnt {
  SlowExtreme extremes[kSlowLearntCharts][kSlowSides];  // of the days
  float seen[kSlowScales][kSlowSides];                  // highest and lowest level of the days
  float hour_6;                                         // means
  float day_1;
  float energies[kSlowEnergies];
  float cycle_energy;
  float period;  // mean logarithm of a cycle's minutes
  float period_variance;
  float longest;  // of the cycles, log minutes, leaking
  float days;
  float minutes;
  float bounds[kSlowSides];  // what the stated span leaves about what the recording showed
  float today[kSlowLearntCharts][kSlowSides];
  uint16_t cycles;
  uint16_t minute_of_day;
  uint8_t frozen[kSlowLearntCharts][kSlowSides];      // days in turn that were not learnt
  uint8_t known_days[kSlowLearntCharts][kSlowSides];  // that were, at most 255
};
static_assert(sizeof(SlowLearnt) == 488, "no byte of it is undefined, for it is stored as it is");

// Of one value of a frame.
struct SlowValueConfig {
  // The largest distance between two levels that are both normal, in the value's unit; without
  // bounds only the unit in which small changes are measured.
  float span;
  bool bounded;  // by the span, or by limits
  bool limited;  // `trained->bounds` are limits that a user knows: they do not follow the days
  float quiet;   // variance of a minute's mean, and what is too small a change to matter
  const SlowRule* rules;  // [kSlowLearntCharts]
  const SlowLearnt* trained;
};

struct SlowConfig {
  const SlowValueConfig* values;  // [values of a frame]
  float learn_days;
  int64_t frame_us;  // from frame to frame
};

}  // namespace anomaly
