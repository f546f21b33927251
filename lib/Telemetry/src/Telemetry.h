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

// "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL", then
// "| Cause: .." in an anomaly, "| Channels: n" where there are several.
void AddReading(LineBuffer& line, const Verdict& verdict, float value, const char* cause,
                int channels);

// ">>> ANOMALY DETECTED! <<<"
void AddAnomalyMarker(LineBuffer& line);

// "Fault: out of range | State: FAULT"
void AddFault(LineBuffer& line, SensorFault fault);

// "RAW,<sequence>,<milliseconds>,<value>[,<value>...]", with "*<crc>" behind it where asked.
void AddRaw(LineBuffer& line, uint32_t sequence, int64_t milliseconds, const float* values,
            int channels, bool crc);

// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF; "123456789" gives 0x29b1.
uint16_t Crc16(const char* text, size_t size);
