// Constants of a detector, as generated into include/model_config.h from a profile and its data.
// N is the number of features. A packed lower triangular matrix holds its rows one after the other:
// N (N + 1) / 2 values.
#pragma once

#include <cstdint>

#include "LearningConfig.h"
#include "RefitConfig.h"
#include "SlowConfig.h"

namespace anomaly {

// The longest alarm_frames: one bit a frame.
constexpr int kMaxAlarmFrames = 32;

// Features to network input, each step for each feature:
//
//   z = (feature - offset) * scale
//   z = squash * asinh(z / squash)     where squash > 0
//   z = clip(z, clip_low, clip_high)
//
// The z are the input, unless there is a whitening. Then the input is
//
//   u = whitening * (z - mean)         as vectors
//   u = clip(u, -whitening_clip, whitening_clip)
struct ScalingConfig {
  const float* offset;  // [N]
  const float* scale;   // [N]
  float squash;
  const float* clip_low;   // [N]
  const float* clip_high;  // [N]
  const float* mean;       // [N] or nullptr
  const float* whitening;  // packed lower triangular or nullptr
  float whitening_clip;
};

enum class ScoreKind : uint8_t {
  kAbsolute,  // mean of |r|
  kRms,       // w = residual_whitening * (r - residual_mean), root mean square of w
  kQuartic,   // fourth root of the mean of w^4, which weighs the largest part more
};  // where limits are learnt, each w is divided by its own first: ResidualLimits.h

// Network output to score: r = input - clip(output, output_low, output_high). The limits are the
// range that the output takes on normal data.
struct ScoreConfig {
  ScoreKind kind;
  const float* output_low;          // [N] or nullptr: not clipped
  const float* output_high;         // [N] or nullptr
  const float* residual_mean;       // [N], not kAbsolute
  const float* residual_whitening;  // packed lower triangular, not kAbsolute
};

// How normal features spread around their mean, to tell which of several channels an anomaly comes
// from (Cause.h): the z of ScalingConfig have the covariance inverse(whitening' * whitening).
struct CauseConfig {
  const float* mean;       // [N], or nullptr: one channel only
  const float* whitening;  // packed lower triangular; nullptr: of frames, the largest deviation
};

// Of a detector that has no threshold; project/profile/detector.py has it too.
constexpr float kNoThreshold = 1e30f;

// Score to state. An alarm is raised when the score has exceeded the threshold in alarm_count of
// the last alarm_frames frames. It ends after clear_frames frames in a row whose scores are
// below clear_ratio * threshold.
struct DecisionConfig {
  float threshold;        // of the score; kNoThreshold: no score is an alarm
  float chart_tau;        // time constant of the second chart, the score's exponential mean, frames
  float chart_threshold;  // of the second chart; 0: there is none
  float chart_cap;        // the most that one score counts in the second chart
  float normal_score;     // mean score on normal data
  uint8_t alarm_count;
  uint8_t alarm_frames;  // at most kMaxAlarmFrames
  uint16_t clear_frames;
  float clear_ratio;
  uint16_t warmup_frames;
};

struct DetectorConfig {
  ScalingConfig scaling;
  ScoreConfig score;
  DecisionConfig decision;
  CauseConfig cause = {};
  const LearningConfig* learning = nullptr;  // none: every limit is 1 for good
  const SlowConfig* slow = nullptr;          // none: there are no slow charts
  const RefitConfig* refit = nullptr;        // none: it cannot be fitted again
};

}  // namespace anomaly
