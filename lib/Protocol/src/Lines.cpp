#include "Lines.h"

#include <cmath>

#include "Crc.h"

const char kOfAnotherModelText[] = "of another model";
const char kOfAnotherVersionText[] = "of another version";
const char kDamagedText[] = "that were damaged";

namespace {
constexpr int kFingerprintDigits = 12;
}

void AddInitializing(LineBuffer& line) { line.Add("Initializing Anomaly Detector...").End(); }

void AddPeriod(LineBuffer& line, uint32_t period_us) {
  const bool whole = period_us % 1000 == 0;
  line.AddInteger(whole ? period_us / 1000 : period_us).Add(whole ? " ms" : " us");
}

void AddHello(LineBuffer& line, const char* profile, const char* engine, const char* fingerprint,
              uint32_t period_us, const FrameConfig* frame) {
  line.Add("Profile: ").Add(profile).Add(" | Engine: ").Add(engine).Add(" | Fingerprint: ");
  for (int i = 0; i < kFingerprintDigits; ++i) line.Add(fingerprint[i]);
  line.Add(" | Period: ");
  AddPeriod(line, period_us);
  if (frame != nullptr) {
    line.Add(" | Frame: ").AddInteger(frame->samples).Add(" samples, hop ");
    line.AddInteger(frame->hop);
  }
  line.End();
}

void AddReset(LineBuffer& line, const char* reason) { line.Add("Reset: ").Add(reason).End(); }

void AddSelfTest(LineBuffer& line, float max_error, float tolerance, int vectors, bool as_answer) {
  if (as_answer) line.Add("OK ");
  line.Add(max_error > tolerance ? "SELFTEST FAILED" : "SELFTEST OK");
  line.Add(" (max error ").AddFixed(max_error, 6).Add(", ");
  line.AddInteger(vectors).Add(" vectors)").End();
}

void AddForgotten(LineBuffer& line, const char* what, const char* why) {
  line.Add(what).Add(' ').Add(why).Add(" are forgotten").End();
}

void AddUserThreshold(LineBuffer& line, float threshold) {
  line.Add("Threshold: ").AddFixed(threshold, kScoreDecimals).Add(" (set by the user)").End();
}

void AddReady(LineBuffer& line) { line.Add("System Ready. Monitoring Sensor...").End(); }

void AddFailure(LineBuffer& line, const char* what, const char* detail) {
  line.Add(what);
  if (detail[0] != '\0') line.Add(" (").Add(detail).Add(')');
  line.End();
}

void AddReading(LineBuffer& line, const Verdict& verdict, float value, CauseText cause,
                int channels, const ChannelReadings* others) {
  line.Add("Real: ").AddFixed(value, kValueDecimals);
  line.Add(" | Recon: ").AddFixed(verdict.reconstruction, kValueDecimals);
  line.Add(" | Score: ").AddFixed(verdict.score, kScoreDecimals);
  if (verdict.threshold < kNoThreshold) {
    line.Add(" | Threshold: ").AddFixed(verdict.threshold, kScoreDecimals);
  }
  line.Add(" | State: ").Add(StateText(verdict.state));
  if (verdict.state == State::kAnomaly) {
    line.Add(" | Cause: ").Add(cause.what);
    if (cause.channel != nullptr) line.Add(" of ").Add(cause.channel);
  }
  if (!std::isnan(verdict.slow)) line.Add(" | Slow: ").AddFixed(verdict.slow, kSlowDecimals);
  if (channels > 1) line.Add(" | Channels: ").AddInteger(channels);
  for (int i = 1; others != nullptr && i < channels; ++i) {
    line.Add(" | ").Add(others->names[i]).Add(": ").AddFixed(others->values[i], kValueDecimals);
    if (!std::isfinite(others->expected[i])) continue;
    line.Add(" (").AddFixed(others->expected[i], kValueDecimals).Add(')');
  }
  line.End();
}

void AddAnomalyMarker(LineBuffer& line) { line.Add(">>> ANOMALY DETECTED! <<<").End(); }

void AddFault(LineBuffer& line, Fault fault, const char* part) {
  line.Add("Fault: ").Add(FaultText(fault));
  if (part != nullptr && IsOfPart(fault)) line.Add(" (").Add(part).Add(')');
  line.Add(" | State: FAULT").End();
}

void AddRaw(LineBuffer& line, uint32_t sequence, int64_t milliseconds, const float* values,
            int channels, bool crc) {
  const size_t start = line.size();
  line.Add("RAW,").AddInteger(sequence).Add(',').AddInteger(milliseconds);
  for (int i = 0; i < channels; ++i) line.Add(',').AddFixed(values[i], kRawDecimals);
  if (crc) {
    const uint16_t check = Crc16(line.text() + start, line.size() - start);
    line.Add('*').AddHex16(check);
  }
  line.End();
}
