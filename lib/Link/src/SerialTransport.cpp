#include "SerialTransport.h"

#include <cstring>

#include "Answers.h"
#include "Crc.h"

namespace anomaly {

namespace {

const char kUsage[] = "link wants on UNIX_MS, off, id, or TOPIC PAYLOAD";
const char kNoTime[] = "UNIX_MS must be the time of now in milliseconds since 1970";
constexpr int64_t kEarliestMs = 1'500'000'000'000;  // 2017
constexpr int64_t kLatestMs = 9'999'999'999'999;    // 2286

// Unix milliseconds; 0: they are not.
int64_t ParseTime(const char* text) {
  int64_t value = 0;
  const char* at = text;
  for (; *at >= '0' && *at <= '9' && at < text + 13; ++at) value = value * 10 + (*at - '0');
  return *at == '\0' && value >= kEarliestMs && value <= kLatestMs ? value : 0;
}

}  // namespace

bool SerialTransport::TakeOn(const char* number, LineBuffer& line) {
  const int64_t unix_ms = ParseTime(number);
  if (unix_ms == 0) {
    AddError(line, kNoTime);
    return false;
  }
  if (!connected()) ++connections_;
  lease_ends_ = now() + kLeaseSeconds * 1000;
  unix_offset_ms_ = unix_ms - now();
  clock_is_set_ = true;
  line.Add("OK link=on id=").Add(config_.id).Add(" lease=").AddInteger(kLeaseSeconds).End();
  return false;
}

bool SerialTransport::Take(const char* text, LineBuffer& line) {
  const char* const space = std::strchr(text, ' ');
  if (space != nullptr && std::strncmp(text, "on ", 3) == 0) return TakeOn(space + 1, line);
  if (space != nullptr && space != text && std::strchr(text, '/') < space &&
      std::strchr(text, '/') != nullptr) {
    message_ = {text, static_cast<size_t>(space - text), space + 1, std::strlen(space + 1)};
    waits_ = true;
    return true;
  }
  if (std::strcmp(text, "off") == 0) {
    lease_ends_ = INT64_MIN;
    line.Add("OK link=off").End();
  } else if (std::strcmp(text, "id") == 0) {
    line.Add("OK id=").Add(config_.id).End();
  } else {
    AddError(line, kUsage);
  }
  return false;
}

bool SerialTransport::Publish(const char* topic, const char* payload, size_t size, int qos,
                              bool retain) {
  if (!connected()) return false;
  LineBuffer& line = *buffer_;
  line.Add("LINK,").Add(topic).Add(',').AddInteger(qos).Add(',').AddInteger(retain ? 1 : 0);
  line.Add(',').Add(payload, size);
  const uint16_t check = Crc16(line.text(), line.size());
  line.Add('*').AddHex16(check).End();
  line_.Write(line.text(), line.size());
  line.Clear();
  return true;
}

bool SerialTransport::Receive(LinkMessage* message) {
  if (!waits_) return false;
  *message = message_;
  waits_ = false;
  return true;
}

}  // namespace anomaly
