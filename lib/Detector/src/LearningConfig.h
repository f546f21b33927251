// Constants of the limits that the fast part learns on the device, as generated into
// include/model_config.h, and what it has learnt. ResidualLimits.h says how.
#pragma once

#include <cstdint>

namespace anomaly {

// Of one feature's weighed residual.
struct LearningRule {
  float growth;  // the most that a limit grows in a day, once a week is known
  bool echoes;   // after an alarm it is wider for the rest of the day
  bool mirrors;  // and in the first days by what the other side has shown
};

// Of one side of a residual: its largest values of the days, 1 being what is normal to training.
struct LearntSide {
  float mean;
  float variance;
  float today;
  float limit;  // of the day
  float now;    // and as widened by an alarm of the day
};

// What the sides have in common.
struct LearntDays {
  LearntSide lasting;  // of the logarithm of the frames that a small oscillation lasts
  float rho;           // logarithm of the return period that is aimed at, days
  uint32_t days;
  uint32_t frame_of_day;
  uint16_t frozen;  // days in turn that ended in alarm and were not learnt
  uint16_t alarms;  // that began today
};
static_assert(sizeof(LearntSide) == 20 && sizeof(LearntDays) == 36,
              "no byte of it is undefined, for it is stored as it is");

struct LearningConfig {
  const LearningRule* rules;  // [features]
  uint32_t day_frames;
  uint32_t settle_frames;     // after a start, in which nothing is learnt
  int8_t oscillation;         // the feature whose excursions are timed; -1: none
  float least_lasting;        // logarithm of frames: an oscillation so short is none
  const LearntSide* trained;  // [features][2], what the recording taught
  const LearntDays* trained_days;
};

}  // namespace anomaly
