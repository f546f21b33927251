// Constants of a detector, as generated into include/model_config.h from a profile and its data.
// N is the number of features. A packed lower triangular matrix holds its rows one after the other:
// N (N + 1) / 2 values.
#pragma once

#include <cstdint>

// Features to network input: z = (f - offset) * scale; z = squash * asinh(z / squash) if squash >
// 0; z clipped to [clip_low, clip_high], each its own; then, if whitening is not null, u =
// whitening * (z - mean), clipped to +-whitening_clip.
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
};

// Network output to score: the output is clipped to [output_low, output_high] (the range it takes
// on normal data), r = input - output.
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
  const float* whitening;  // packed lower triangular, or nullptr
};

// Score to state.
struct DecisionConfig {
  float threshold;  // of the score
  float chart_tau;  // time constant of the second chart, the score's exponential mean, samples
  float chart_threshold;   // of the second chart; 0: there is none
  float chart_cap;         // the most that one score counts in the second chart
  float normal_score;      // mean score on normal data
  uint8_t alarm_count;     // an alarm is raised when the score exceeds the threshold in alarm_count
  uint8_t alarm_window;    // of the last alarm_window samples (at most 32)
  uint16_t clear_samples;  // and ends after so many samples in a row
  float clear_ratio;       // below clear_ratio * threshold
  uint16_t warmup_samples;
};

struct DetectorConfig {
  ScalingConfig scaling;
  ScoreConfig score;
  DecisionConfig decision;
  CauseConfig cause = {};
};
