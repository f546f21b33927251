#include "Telemetry.h"

#include <cmath>

void AddReading(LineBuffer& line, const Verdict& verdict, float value, const char* cause,
                int channels, const ChannelReadings* others) {
  line.Add("Real: ").AddFixed(value, kValueDecimals);
  line.Add(" | Recon: ").AddFixed(verdict.reconstruction, kValueDecimals);
  line.Add(" | Score: ").AddFixed(verdict.score, kScoreDecimals);
  line.Add(" | Threshold: ").AddFixed(verdict.threshold, kScoreDecimals);
  line.Add(" | State: ").Add(StateText(verdict.state));
  if (verdict.state == State::kAnomaly) line.Add(" | Cause: ").Add(cause);
  if (channels > 1) line.Add(" | Channels: ").AddInteger(channels);
  for (int i = 1; others != nullptr && i < channels; ++i) {
    line.Add(" | ").Add(others->names[i]).Add(": ").AddFixed(others->values[i], kValueDecimals);
    if (!std::isfinite(others->expected[i])) continue;
    line.Add(" (").AddFixed(others->expected[i], kValueDecimals).Add(')');
  }
  line.End();
}

void AddAnomalyMarker(LineBuffer& line) { line.Add(">>> ANOMALY DETECTED! <<<").End(); }

void AddFault(LineBuffer& line, SensorFault fault) {
  line.Add("Fault: ").Add(SensorFaultText(fault)).Add(" | State: FAULT").End();
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

uint16_t Crc16(const char* text, size_t size) {
  uint32_t crc = 0xFFFF;
  for (size_t i = 0; i < size; ++i) {
    crc ^= static_cast<uint32_t>(static_cast<uint8_t>(text[i])) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021u : 0u);
  }
  return static_cast<uint16_t>(crc);
}
