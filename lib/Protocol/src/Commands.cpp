#include "Commands.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace anomaly {

const char kHelpText[] =
    "help | status | model | raw on|off|on crc | baud RATE | channels on|off | "
    "inject VALUE [COUNT] | threshold VALUE|default | calibrate [SECONDS]|default | "
    "learn [SECONDS]|default | learnt | normal | accept | forget | "
    "selftest | link ... | wifi SSID [PASSPHRASE] | mqtt URI | enroll | factory-reset | reboot";

namespace {

constexpr int kMaxWords = 4;
constexpr char kLinkBegin[] = "link ";
constexpr uint32_t kBaudRates[] = {115200, 230400, 460800, 921600, 2000000};
constexpr uint32_t kMaxInjectCount = 100000;
constexpr uint32_t kDefaultCalibrationSeconds = 60;
constexpr uint32_t kDefaultLearnSeconds = 300;
constexpr uint32_t kMinSeconds = 10;
constexpr uint32_t kMaxSeconds = 3600;

// Splits in place; a fifth word is counted but not kept.
int Split(char* line, const char* words[kMaxWords]) {
  int count = 0;
  char* cursor = line;
  while (true) {
    cursor += std::strspn(cursor, " \t");
    if (*cursor == '\0') return count;
    if (count < kMaxWords) words[count] = cursor;
    ++count;
    cursor += std::strcspn(cursor, " \t");
    if (*cursor != '\0') *cursor++ = '\0';
  }
}

bool ParseFloat(const char* word, float* value) {
  // Digits only: strtof would also take "nan", "inf" and hexadecimal.
  if (std::strspn(word, "+-.0123456789eE") != std::strlen(word)) return false;
  char* end = nullptr;
  *value = std::strtof(word, &end);
  return end != word && *end == '\0' && std::isfinite(*value);
}

bool ParseCount(const char* word, uint32_t low, uint32_t high, uint32_t* value) {
  const size_t length = std::strlen(word);
  if (length == 0 || length > 9 || std::strspn(word, "0123456789") != length) return false;
  *value = static_cast<uint32_t>(std::strtoul(word, nullptr, 10));
  return *value >= low && *value <= high;
}

Command Invalid(const char* error) {
  Command command = {};
  command.kind = CommandKind::kInvalid;
  command.error = error;
  return command;
}

Command ParseRaw(const char* const* words, int count) {
  Command command = {};
  command.kind = CommandKind::kRaw;
  const bool on = count >= 2 && std::strcmp(words[1], "on") == 0;
  if (on && (count == 2 || (count == 3 && std::strcmp(words[2], "crc") == 0))) {
    command.on = true;
    command.crc = count == 3;
    return command;
  }
  if (count == 2 && std::strcmp(words[1], "off") == 0) return command;
  return Invalid("raw wants on, off or on crc");
}

Command ParseBaud(const char* const* words, int count) {
  Command command = {};
  command.kind = CommandKind::kBaud;
  if (count == 2 && ParseCount(words[1], 0, UINT32_MAX, &command.count)) {
    for (const uint32_t rate : kBaudRates) {
      if (rate == command.count) return command;
    }
  }
  return Invalid("baud wants 115200, 230400, 460800, 921600 or 2000000");
}

Command ParseChannels(const char* const* words, int count) {
  Command command = {};
  command.kind = CommandKind::kChannels;
  command.on = count == 2 && std::strcmp(words[1], "on") == 0;
  if (command.on || (count == 2 && std::strcmp(words[1], "off") == 0)) return command;
  return Invalid("channels wants on or off");
}

Command ParseInject(const char* const* words, int count) {
  Command command = {};
  command.kind = CommandKind::kInject;
  command.count = 1;
  if (count < 2 || count > 3) return Invalid("inject wants VALUE and perhaps COUNT");
  if (!ParseFloat(words[1], &command.value)) return Invalid("VALUE must be a finite number");
  if (count == 3 && !ParseCount(words[2], 1, kMaxInjectCount, &command.count)) {
    return Invalid("COUNT must be a whole number from 1 to 100000");
  }
  return command;
}

Command ParseThreshold(const char* const* words, int count) {
  Command command = {};
  command.kind = CommandKind::kThreshold;
  if (count != 2) return Invalid("threshold wants VALUE or default");
  if (std::strcmp(words[1], "default") == 0) {
    command.restore = true;
    return command;
  }
  if (!ParseFloat(words[1], &command.value) || !(command.value > 0.0f)) {
    return Invalid("VALUE must be a number above 0");
  }
  return command;
}

// `calibrate` and `learn`: SECONDS of normal signal, or default.
Command ParseSeconds(CommandKind kind, uint32_t seconds, const char* const* words, int count,
                     const char* error) {
  Command command = {};
  command.kind = kind;
  command.count = seconds;
  if (count == 1) return command;
  if (count == 2 && std::strcmp(words[1], "default") == 0) {
    command.restore = true;
    return command;
  }
  if (count > 2 || !ParseCount(words[1], kMinSeconds, kMaxSeconds, &command.count)) {
    return Invalid(error);
  }
  return command;
}

// What sets how a board gets to its server.
bool IsProvisioning(const char* line) {
  constexpr const char* kNames[] = {"wifi", "mqtt", "enroll"};
  for (const char* name : kNames) {
    const size_t size = std::strlen(name);
    if (std::strncmp(line, name, size) == 0 && std::strchr(" \t", line[size]) != nullptr)
      return true;
  }
  return false;
}

}  // namespace

Command ParseCommand(const char* line) {
  char buffer[kMaxCommand + 1];
  const size_t length = std::strlen(line);
  if (length > LineReader::kMaxLine) return Invalid("line too long");
  if (std::strncmp(line, kLinkBegin, sizeof(kLinkBegin) - 1) == 0) {
    Command command = {};
    command.kind = CommandKind::kLink;
    command.text = line + sizeof(kLinkBegin) - 1;
    return command;
  }
  if (IsProvisioning(line)) {
    Command command = {};
    command.kind = CommandKind::kProvision;
    command.text = line;
    return command;
  }
  if (length > kMaxCommand) return Invalid("line too long");
  std::memcpy(buffer, line, length + 1);
  const char* words[kMaxWords] = {};
  const int count = Split(buffer, words);
  if (count == 0) return Command{};
  const struct {
    const char* name;
    CommandKind kind;
  } plain[] = {{"help", CommandKind::kHelp},     {"status", CommandKind::kStatus},
               {"model", CommandKind::kModel},   {"selftest", CommandKind::kSelftest},
               {"normal", CommandKind::kNormal}, {"accept", CommandKind::kAccept},
               {"forget", CommandKind::kForget}, {"learnt", CommandKind::kLearnt},
               {"reboot", CommandKind::kReboot}, {"factory-reset", CommandKind::kFactoryReset}};
  for (const auto& entry : plain) {
    if (std::strcmp(words[0], entry.name) != 0) continue;
    if (count > 1) return Invalid("this command takes no argument");
    Command command = {};
    command.kind = entry.kind;
    return command;
  }
  if (std::strcmp(words[0], "raw") == 0) return ParseRaw(words, count);
  if (std::strcmp(words[0], "baud") == 0) return ParseBaud(words, count);
  if (std::strcmp(words[0], "channels") == 0) return ParseChannels(words, count);
  if (std::strcmp(words[0], "inject") == 0) return ParseInject(words, count);
  if (std::strcmp(words[0], "threshold") == 0) return ParseThreshold(words, count);
  if (std::strcmp(words[0], "calibrate") == 0) {
    return ParseSeconds(CommandKind::kCalibrate, kDefaultCalibrationSeconds, words, count,
                        "calibrate wants SECONDS from 10 to 3600, or default");
  }
  if (std::strcmp(words[0], "learn") == 0) {
    return ParseSeconds(CommandKind::kLearn, kDefaultLearnSeconds, words, count,
                        "learn wants SECONDS from 10 to 3600, or default");
  }
  return Invalid("unknown command, try help");
}

bool LineReader::Feed(char byte) {
  if (byte == '\r' || byte == '\n' || byte == '\0') {
    line_[size_] = '\0';
    size_ = 0;
    return true;
  }
  if (byte == '\b' || byte == '\x7f') {
    if (size_ > 0 && size_ <= kMaxLine) --size_;
    return false;
  }
  // One character more than allowed is kept, and marks the line as too long for good.
  if (size_ <= kMaxLine) line_[size_++] = byte;
  return false;
}

}  // namespace anomaly
