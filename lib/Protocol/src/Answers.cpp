#include "Answers.h"

#include <cmath>

namespace anomaly {

const char kBusyError[] = "busy, try again";
const char kNotNormalError[] = "calibrate works in state NORMAL only";
const char kLeftNormalError[] = "calibrate was given up: the signal was not NORMAL all the time";
const char kImplausibleNoiseError[] =
    "the noise is not the trained one within a factor of 4: record and retrain";
const char kNoScoreError[] = "the profile has no score; its slow charts learn by themselves";
const char kGenericError[] =
    "the profile has learnt its noise by itself; calibrate measures it again";
const char kLearnInFaultError[] = "learn does not work in state FAULT: the sensor is not believed";
const char kFaultWhileLearningError[] = "learn was given up: the sensor was in FAULT";
const char kGapWhileLearningError[] = "learn was given up: samples are missing; try again";
const char kNoNumberError[] = "learn was given up: the network gave no number";
const char kLearnCancelledError[] = "learn was given up: another command took its place";
const char kLearnsNothingError[] = "the profile has neither [detector.learning] nor [slow]";
const char kNoSlowChartsError[] = "the profile has no slow charts ([slow])";
const char kNoAlarmError[] = "there was no alarm since the start that a limit could be widened for";
const char kNoLinkError[] = "this program has no link";
const char kNoNetworkError[] =
    "this firmware has no network of its own (custom_network = mqtt): a gateway connects it";
const char kAnotherCommandError[] = "calibrate was given up: another command took its place";

namespace {

const char kSetByTheUser[] = " (set by the user)";
const char kNotKept[] = " (until the next reboot)";

void AddList(LineBuffer& line, const char* key, const char* const* texts, int count) {
  line.Add(key).Add("=\"");
  for (int i = 0; i < count; ++i) line.Add(i > 0 ? "," : "").Add(texts[i]);
  line.Add('"');
}

}  // namespace

void AddStatus(LineBuffer& line, const StatusAnswer& status) {
  line.Add("OK state=").Add(StateText(status.state));
  line.Add(" uptime_s=").AddInteger(status.uptime_s);
  line.Add(" samples=").AddInteger(status.samples);
  if (status.has_frames) line.Add(" frames=").AddInteger(status.frames);
  line.Add(" missed=").AddInteger(status.missed);
  line.Add(" dropped=").AddInteger(status.dropped);
  line.Add(" queue_max=").AddInteger(status.queue_max);
  line.Add(" baud=").AddInteger(status.baud);
  line.Add(" anomalies=").AddInteger(status.anomalies);
  line.Add(" faults=").AddInteger(status.faults);
  line.Add(" threshold=").AddFixed(status.threshold, kScoreDecimals);
  line.Add(" noise=").AddFixed(status.noise, kRawDecimals);
  if (status.can_learn) line.Add(" detector=").Add(status.fitted ? "learnt" : "trained");
  if (status.learns) line.Add(" days_learnt=").AddInteger(status.days_learnt);
  if (status.has_slow) {
    line.Add(" slow=").AddFixed(status.slow, kSlowDecimals);
    line.Add(" slow_nearest=").Add(status.slow_nearest);
  }
  line.Add(" engine_failures=").AddInteger(status.engine_failures);
  line.Add(" inference_us=").AddInteger(status.inference_us);
  line.Add(" p50_us=").AddInteger(status.p50_us);
  line.Add(" p99_us=").AddInteger(status.p99_us);
  line.Add(" engine_bytes=").AddInteger(status.engine_bytes);
  line.Add(" engine_reserved=").AddInteger(status.engine_reserved);
  if (status.link != nullptr) {
    line.Add(" link=").Add(status.link);
    line.Add(" queue=").AddInteger(status.link_queue);
    line.Add(" lost=").AddInteger(status.link_lost);
  }
  for (int i = 0; i < status.figure_count; ++i) {
    const SystemFigure& figure = status.figures[i];
    line.Add(' ').Add(figure.name).Add('=');
    if (figure.text != nullptr) {
      line.Add(figure.text);
    } else {
      line.AddInteger(figure.number);
    }
  }
  if (status.failure != nullptr) line.Add(" failure=\"").Add(status.failure).Add('"');
  line.End();
}

void AddModel(LineBuffer& line, const ModelAnswer& model) {
  line.Add("OK profile=").Add(model.profile);
  line.Add(" fingerprint=").Add(model.fingerprint);
  line.Add(" engine=\"").Add(model.engine).Add('"');
  line.Add(" model_bytes=").AddInteger(model.model_bytes);
  line.Add(" engine_bytes=").AddInteger(model.engine_bytes);
  line.Add(" channels=").AddInteger(model.channels);
  AddList(line, " channel_names", model.channel_names, model.channels);
  AddList(line, " channel_units", model.channel_units, model.channels);
  line.Add(" features=").AddInteger(model.features);
  const bool whole = model.period_us % 1000 == 0;
  line.Add(whole ? " period_ms=" : " period_us=");
  line.AddInteger(whole ? model.period_us / 1000 : model.period_us);
  if (model.frame != nullptr) {
    line.Add(" frame=").AddInteger(model.frame->samples);
    line.Add(" hop=").AddInteger(model.frame->hop);
    line.Add(" values=").AddInteger(model.values);
    AddList(line, " value_names", model.value_names, model.values);
    AddList(line, " value_units", model.value_units, model.values);
  }
  line.Add(" threshold=").AddFixed(model.threshold, kScoreDecimals);
  line.Add(" default_threshold=").AddFixed(model.default_threshold, kScoreDecimals);
  line.End();
}

void AddError(LineBuffer& line, const char* reason) { line.Add("ERR ").Add(reason).End(); }

void AddHelp(LineBuffer& line) { line.Add("OK ").Add(kHelpText).End(); }

void AddRawSet(LineBuffer& line, bool on, bool crc, const char* packing) {
  line.Add(!on ? "OK raw off" : crc ? "OK raw on crc" : "OK raw on");
  if (on && packing != nullptr) line.Add(' ').Add(packing);
  line.End();
}

void AddBaudSet(LineBuffer& line, uint32_t baud) { line.Add("OK baud ").AddInteger(baud).End(); }

void AddChannelsSet(LineBuffer& line, bool on) {
  line.Add(on ? "OK channels on" : "OK channels off").End();
}

void AddRebooting(LineBuffer& line) { line.Add("OK rebooting").End(); }

void AddFactoryReset(LineBuffer& line) { line.Add("OK factory reset, then rebooting").End(); }

void AddInjected(LineBuffer& line, float value, uint32_t count, bool waits) {
  line.Add("OK inject ").AddFixed(value, kValueDecimals).Add(' ').AddInteger(count);
  if (waits) line.Add(" as soon as the warm-up ends");
  line.End();
}

void AddThresholdSet(LineBuffer& line, float threshold, bool kept) {
  line.Add("OK threshold ").AddFixed(threshold, kScoreDecimals).Add(kept ? "" : kNotKept).End();
}

void AddThresholdDefault(LineBuffer& line) { line.Add("OK threshold default").End(); }

namespace {

void AddWanted(LineBuffer& line, uint32_t frames, uint32_t period_us, uint32_t asked_s,
               const char* unit) {
  const uint64_t micros = uint64_t{frames} * period_us;
  const auto seconds = static_cast<int64_t>((micros + 999999) / 1000000);
  line.AddInteger(seconds).Add(" s of normal signal are wanted");
  if (seconds > asked_s) line.Add(", ").AddInteger(frames).Add(unit);
  line.End();
}

}  // namespace

void AddCalibrating(LineBuffer& line, uint32_t samples, uint32_t period_us, uint32_t asked_s) {
  AddWanted(line.Add("Calibrating: "), samples, period_us, asked_s, " samples at least");
}

void AddLearning(LineBuffer& line, uint32_t frames, uint32_t period_us, uint32_t asked_s) {
  AddWanted(line.Add("Learning: "), frames, period_us, asked_s, " frames at least");
}

void AddFitted(LineBuffer& line, const FitChange& change) {
  line.Add("OK learn threshold ").AddFixed(change.threshold_before, kScoreDecimals).Add(" -> ");
  line.AddFixed(change.threshold, kScoreDecimals);
  if (change.user_threshold) line.Add(kSetByTheUser);
  line.Add(" frames ").AddInteger(change.frames);
  if (!change.kept) line.Add(kNotKept);
  line.End();
}

void AddFitDefault(LineBuffer& line) { line.Add("OK learn default").End(); }

void AddSteppedError(LineBuffer& line, const char* value) {
  line.Add("ERR learn was given up: ").Add(value);
  line.Add(" stepped from one level to another; learn again when it is steady").End();
}

void AddCalibrated(LineBuffer& line, const CalibrationChange& change) {
  line.Add("OK calibrate noise ");
  for (int i = 0; i < change.channels; ++i) {
    if (i > 0) line.Add(", ");
    line.AddFixed(change.noise_before[i], kRawDecimals).Add(" -> ");
    line.AddFixed(change.noise[i], kRawDecimals);
  }
  line.Add(" threshold ").AddFixed(change.threshold_before, kScoreDecimals).Add(" -> ");
  line.AddFixed(change.threshold, kScoreDecimals);
  if (change.user_threshold) line.Add(kSetByTheUser);
  if (!change.kept) line.Add(kNotKept);
  line.End();
}

void AddCalibrationDefault(LineBuffer& line) { line.Add("OK calibrate default").End(); }

namespace {

void AddWhat(LineBuffer& line, CauseText what) {
  line.Add(what.what);
  if (what.channel != nullptr) line.Add(" of ").Add(what.channel);
}

}  // namespace

void AddAccepted(LineBuffer& line, CauseText what, float from, float to) {
  line.Add("OK normal: ");
  AddWhat(line, what);
  line.Add(", its limit went from ").AddFixed(from, kValueDecimals);
  line.Add(" to ").AddFixed(to, kValueDecimals).End();
}

void AddLevelAccepted(LineBuffer& line, const char* value, float from, float to) {
  line.Add("OK the ordinary level");
  if (value != nullptr) line.Add(" of ").Add(value);
  line.Add(" went from ").AddFixed(from, kValueDecimals);
  line.Add(" to ").AddFixed(to, kValueDecimals).End();
}

void AddForgot(LineBuffer& line, uint32_t days) {
  line.Add("OK what was learnt in ").AddInteger(days).Add(" days is forgotten").End();
}

void AddLearntChart(LineBuffer& line, CauseText what, const SlowCharts::Standing& standing,
                    const char* unit) {
  line.Add("Learnt: ");
  AddWhat(line, what);
  const auto add = [&line](const char* name, float value) {
    if (std::isfinite(value)) line.Add(name).AddFixed(value, kValueDecimals);
  };
  if (standing.judged) add(" | Low: ", standing.low);
  add(" | Now: ", standing.value);
  if (standing.judged) add(" | High: ", standing.high);
  if (unit[0] != '\0') line.Add(" | Unit: ").Add(unit);
  if (standing.alarm) line.Add(" | State: alarm");
  line.End();
}

void AddLearntLimit(LineBuffer& line, int number, CauseText what, float below, float above) {
  line.Add("Learnt: ").AddInteger(number).Add(' ');
  AddWhat(line, what);
  line.Add(" | Below: ").AddFixed(below, kValueDecimals);
  line.Add(" | Above: ").AddFixed(above, kValueDecimals).End();
}

void AddLearntDone(LineBuffer& line, uint32_t days, float minutes) {
  line.Add("OK days_learnt=").AddInteger(days);
  line.Add(" minutes=").AddInteger(static_cast<int64_t>(minutes)).End();
}

}  // namespace anomaly
