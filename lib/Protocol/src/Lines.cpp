#include "Lines.h"

#include <cmath>

#include "Base64.h"
#include "Crc.h"

namespace anomaly {

const char kOfAnotherModelText[] = "of another model";
const char kOfAnotherVersionText[] = "of another version";
const char kDamagedText[] = "that were damaged";

namespace {

constexpr int kFingerprintDigits = 12;

// "*<crc>" of all from `start` on.
void AddCheck(LineBuffer& line, size_t start) {
  const uint16_t check = Crc16(line.text() + start, line.size() - start);
  line.Add('*').AddHex16(check);
}

}  // namespace

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

void AddReading(LineBuffer& line, const FrameVerdict& verdict, const ChannelReadings& values,
                CauseText cause, int channels, bool shows_others) {
  line.Add("Real: ").AddFixed(values.values[0], values.decimals_of(0));
  line.Add(" | Recon: ").AddFixed(verdict.reconstruction, values.decimals_of(0));
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
  for (int i = 1; shows_others && i < channels; ++i) {
    const int decimals = values.decimals_of(i);
    line.Add(" | ").Add(values.names[i]).Add(": ").AddFixed(values.values[i], decimals);
    if (!std::isfinite(values.expected[i])) continue;
    line.Add(" (").AddFixed(values.expected[i], decimals).Add(')');
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
  if (crc) AddCheck(line, start);
  line.End();
}

void AddRawBlock(LineBuffer& line, uint32_t sequence, int64_t micros, const int16_t* values,
                 int count) {
  const size_t start = line.size();
  line.Add("RAWB,").AddInteger(sequence).Add(',').AddInteger(micros).Add(',');
  AddBase64(line, 2 * count, [values](int place) {
    const auto value = static_cast<uint16_t>(values[place / 2]);
    return place % 2 == 0 ? value : value >> 8;
  });
  AddCheck(line, start);
  line.End();
}

}  // namespace anomaly
