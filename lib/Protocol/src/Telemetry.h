// The lines of the serial protocol, docs/protocol.md. Each function appends one whole line with its
// "\r\n".
#pragma once

#include <cstdint>

#include "AnomalyDetector.h"
#include "LineBuffer.h"
#include "Sensor.h"

// Decimals of a reading, and of a score.
constexpr int kValueDecimals = 2;
constexpr int kScoreDecimals = 4;
constexpr int kRawDecimals = 6;

// What a reading says of the channels after the first, each [channels]: their names, what was
// measured, and what was expected in its place, NaN where that is not known.
struct ChannelReadings {
  const char* const* names;
  const float* values;
  const float* expected;
};

// "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL", then
// "| Cause: .." in an anomaly, "| Channels: n" where there are several, and with `others`
// "| name: value (expected)" for each but the first.
void AddReading(LineBuffer& line, const Verdict& verdict, float value, const char* cause,
                int channels, const ChannelReadings* others = nullptr);

// Characters of the longest number, and of the longest reading with its marker.
constexpr size_t kLongestNumber = sizeof("-999999999999999999.0000") - 1;
constexpr size_t kLongestReading =
    sizeof(
        "Real:  | Recon:  | Score:  | Threshold:  | State: ANOMALY | Cause:  | Channels: 8\r\n"
        ">>> ANOMALY DETECTED! <<<\r\n") +
    4 * kLongestNumber + kMaxChannelName +
    (kMaxChannels - 1) * (sizeof(" | :  ()") + kMaxChannelName + 2 * kLongestNumber);
static_assert(kLongestReading <= LineBuffer::kCapacity, "no reading is ever cut");

// ">>> ANOMALY DETECTED! <<<"
void AddAnomalyMarker(LineBuffer& line);

// "Fault: out of range | State: FAULT"
void AddFault(LineBuffer& line, SensorFault fault);

// "RAW,<sequence>,<milliseconds>,<value>[,<value>...]", with "*<crc>" behind it where asked.
void AddRaw(LineBuffer& line, uint32_t sequence, int64_t milliseconds, const float* values,
            int channels, bool crc);

// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF; "123456789" gives 0x29b1.
uint16_t Crc16(const char* text, size_t size);
