// The lines that the board sends by itself, docs/protocol.md. Each function appends one whole line
// with its "\r\n".
#pragma once

#include <cstdint>

#include "CauseNames.h"
#include "Fault.h"
#include "FrameDetector.h"
#include "FrameSpec.h"
#include "LineBuffer.h"

namespace anomaly {

// Decimals of a reading, where it has none of its own, and of a score.
constexpr int kValueDecimals = 2;
constexpr int kScoreDecimals = 4;
constexpr int kSlowDecimals = 2;
constexpr int kRawDecimals = 6;

// ---- at the start

// "Initializing Anomaly Detector..."
void AddInitializing(LineBuffer& line);

// "500 ms", or "1250 us" where that is no whole number of milliseconds.
void AddPeriod(LineBuffer& line, uint32_t period_us);

// "Profile: temperature | Engine: tflm int8 | Fingerprint: 0123456789ab | Period: 500 ms", and with
// frames "| Frame: 256 samples, hop 128".
void AddHello(LineBuffer& line, const char* profile, const char* engine, const char* fingerprint,
              uint32_t period_us, const FrameConfig* frame = nullptr);

// "Reset: power-on"
void AddReset(LineBuffer& line, const char* reason);

// "SELFTEST OK (max error 0.000000, 2 vectors)", or FAILED; with "OK " before it as an answer.
void AddSelfTest(LineBuffer& line, float max_error, float tolerance, int vectors,
                 bool as_answer = false);

// "Settings <why> are forgotten", with one of these:
extern const char kOfAnotherModelText[];
extern const char kOfAnotherVersionText[];
extern const char kDamagedText[];
void AddForgotten(LineBuffer& line, const char* what, const char* why);

// "Threshold: 4.0000 (set by the user)"
void AddUserThreshold(LineBuffer& line, float threshold);

// "System Ready. Monitoring Sensor..."
void AddReady(LineBuffer& line);

// What a start failed of: "AllocateTensors() failed! Increase arena size. (1000 of 1504 bytes)".
// `detail` may be "".
void AddFailure(LineBuffer& line, const char* what, const char* detail);

// ---- while it runs

// What a reading says of the channels, each [channels]: their names, what was measured, and what
// was expected in its place, NaN where that is not known.
struct ChannelReadings {
  const char* const* names;
  const float* values;
  const float* expected;
  const uint8_t* decimals = nullptr;  // nullptr: kValueDecimals each

  int decimals_of(int channel) const {
    return decimals == nullptr ? kValueDecimals : decimals[channel];
  }
};

// "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL", then
// "| Cause: .." in an anomaly, "| Slow: 0.31" where there are slow charts, "| Channels: n" where
// there are several, and with `shows_others` "| name: value (expected)" for each but the first.
void AddReading(LineBuffer& line, const FrameVerdict& verdict, const ChannelReadings& values,
                CauseText cause, int channels, bool shows_others = false);
inline void AddReading(LineBuffer& line, const FrameVerdict& verdict, float value, CauseText cause,
                       int channels) {
  AddReading(line, verdict, {nullptr, &value, nullptr}, cause, channels);
}

// Characters of the longest number, and of the longest reading of channels with such names: src/
// compares it with the room that there is, so that no reading is ever cut.
constexpr size_t kLongestNumber = sizeof("-999999999999999999.000000") - 1;
constexpr size_t LongestReading(const char* const* names, int channels) {
  size_t longest =
      sizeof("Real:  | Recon:  | Score:  | Threshold:  | State: ANOMALY | Cause: activity of ") +
      sizeof(" | Slow:  | Channels: 16\r\n>>> ANOMALY DETECTED! <<<\r\n") + 5 * kLongestNumber +
      kMaxChannelName;
  for (int i = 1; i < channels; ++i) {
    longest += sizeof(" | :  ()") + 2 * kLongestNumber;
    for (const char* name = names[i]; *name != '\0'; ++name) ++longest;
  }
  return longest;
}

// ">>> ANOMALY DETECTED! <<<"
void AddAnomalyMarker(LineBuffer& line);

// "Fault: out of range | State: FAULT"; `part`, where a fault is about one and it is not nullptr,
// in brackets behind its text.
void AddFault(LineBuffer& line, Fault fault, const char* part = nullptr);

// "RAW,<sequence>,<milliseconds>,<value>[,<value>...]", with "*<crc>" behind it where asked.
void AddRaw(LineBuffer& line, uint32_t sequence, int64_t milliseconds, const float* values,
            int channels, bool crc);

// "RAWB,<sequence>,<microseconds>,<base64>*<crc>": both of the first sample; of the values, each
// of 16 bits, the lower byte first.
void AddRawBlock(LineBuffer& line, uint32_t sequence, int64_t micros, const int16_t* values,
                 int count);

}  // namespace anomaly
