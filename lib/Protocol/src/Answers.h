// What commands are answered, docs/protocol.md, from plain values. Each function appends one whole
// line with its "\r\n"; every answer but one begins with "OK " or "ERR ".
#pragma once

#include <cstdint>

#include "Commands.h"
#include "Lines.h"
#include "Platform.h"

namespace anomaly {

struct StatusAnswer {
  State state;
  int64_t uptime_s;
  uint32_t samples;
  bool has_frames;  // then `frames` is shown
  uint32_t frames;
  uint32_t missed;
  uint32_t dropped;
  uint32_t queue_max;
  uint32_t baud;
  uint32_t anomalies;
  uint32_t faults;
  float threshold;
  float noise;
  uint32_t engine_failures;
  uint32_t inference_us;  // the last one, then quantiles
  uint32_t p50_us;
  uint32_t p99_us;
  int32_t engine_bytes;
  int32_t engine_reserved;
  const char* link;  // nullptr: there is none, and the following are not shown
  uint32_t link_queue;
  uint32_t link_lost;
  const SystemFigure* figures;
  int figure_count;
  bool can_learn;  // then `fitted` is shown
  bool fitted;     // what is in use was fitted on this board
  bool learns;     // then the following are shown
  uint32_t days_learnt;
  bool has_slow;  // then these, too
  float slow;
  const char* slow_nearest;
  const char* failure;  // nullptr: none
};
void AddStatus(LineBuffer& line, const StatusAnswer& status);

struct ModelAnswer {
  const char* profile;
  const char* fingerprint;
  const char* engine;
  int32_t model_bytes;
  int32_t engine_bytes;
  int channels;
  const char* const* channel_names;  // [channels]
  const char* const* channel_units;  // [channels]
  int features;
  uint32_t period_us;        // from sample to sample
  const FrameConfig* frame;  // nullptr: a frame is a sample, and the values are the channels
  int values;
  const char* const* value_names;  // [values]
  const char* const* value_units;  // [values]
  float threshold;
  float default_threshold;
};
void AddModel(LineBuffer& line, const ModelAnswer& model);

void AddError(LineBuffer& line, const char* reason);
void AddHelp(LineBuffer& line);
// `packing`, where samples come in blocks: what `raw on` says of them.
void AddRawSet(LineBuffer& line, bool on, bool crc, const char* packing = nullptr);
void AddBaudSet(LineBuffer& line, uint32_t baud);
void AddChannelsSet(LineBuffer& line, bool on);
void AddRebooting(LineBuffer& line);
void AddFactoryReset(LineBuffer& line);

// `waits`: the values come as soon as the warm-up ends.
void AddInjected(LineBuffer& line, float value, uint32_t count, bool waits);

// `kept`: it survives a reboot.
void AddThresholdSet(LineBuffer& line, float threshold, bool kept);
void AddThresholdDefault(LineBuffer& line);

// "Calibrating: ...": the answer to `calibrate` follows when it is done. `asked_s`: what was typed.
void AddCalibrating(LineBuffer& line, uint32_t samples, uint32_t period_us, uint32_t asked_s);

// What a calibration of the noise changed, each as it was and as it is now.
struct CalibrationChange {
  int channels;
  const float* noise_before;  // [channels]
  const float* noise;         // [channels]
  float threshold_before;
  float threshold;
  bool user_threshold;  // the threshold is the user's own and stays
  bool kept;            // it survives a reboot
};
void AddCalibrated(LineBuffer& line, const CalibrationChange& change);
void AddCalibrationDefault(LineBuffer& line);

// "Learning: ...": the answer to `learn` follows when it is done. `asked_s`: what was typed.
void AddLearning(LineBuffer& line, uint32_t frames, uint32_t period_us, uint32_t asked_s);

// What a `learn` changed.
struct FitChange {
  float threshold_before;
  float threshold;
  uint32_t frames;
  bool user_threshold;  // the threshold is the user's own and stays
  bool kept;            // it survives a reboot
};
void AddFitted(LineBuffer& line, const FitChange& change);
void AddFitDefault(LineBuffer& line);
// A value that did not stay on its level.
void AddSteppedError(LineBuffer& line, const char* value);

// "OK normal: level 1 h, its limit went from 35.00 to 37.50".
void AddAccepted(LineBuffer& line, CauseText what, float from, float to);
// "OK the ordinary level went from 25.01 to 28.40"; `value`: its name where there are several.
void AddLevelAccepted(LineBuffer& line, const char* value, float from, float to);
void AddForgot(LineBuffer& line, uint32_t days);

// "Learnt: level 1 h | Low: 15.00 | Now: 25.01 | High: 35.00 | Unit: C"; a limit that there is not
// yet is left out, and `| State: alarm` follows where it is one.
void AddLearntChart(LineBuffer& line, CauseText what, const SlowCharts::Standing& standing,
                    const char* unit);
// "Learnt: 4 level | Below: 1.00 | Above: 1.52": the limits of the residual of feature `number`.
void AddLearntLimit(LineBuffer& line, int number, CauseText what, float below, float above);
// The answer itself, after those lines.
void AddLearntDone(LineBuffer& line, uint32_t days, float minutes);

// Reasons for AddError().
extern const char kNoScoreError[];
extern const char kGenericError[];
extern const char kLearnInFaultError[];
extern const char kFaultWhileLearningError[];
extern const char kGapWhileLearningError[];
extern const char kNoNumberError[];
extern const char kLearnCancelledError[];
extern const char kLearnsNothingError[];
extern const char kNoSlowChartsError[];
extern const char kNoAlarmError[];
extern const char kBusyError[];
extern const char kNotNormalError[];
extern const char kLeftNormalError[];
extern const char kImplausibleNoiseError[];
extern const char kAnotherCommandError[];
extern const char kNoLinkError[];
extern const char kNoNetworkError[];

}  // namespace anomaly
