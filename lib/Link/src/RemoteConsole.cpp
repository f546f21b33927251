#include "RemoteConsole.h"

#include <cstring>

#include "Commands.h"
#include "Crc.h"
#include "JsonReader.h"

namespace anomaly {

namespace {

constexpr int64_t kPatienceMs = 5000;              // until an answer comes
constexpr int64_t kMostSeconds = 100'000'000'000;  // of `exp`; what is larger is milliseconds
constexpr int64_t kRebootDelayMs = 1000;           // the answer goes out first

const char kNoCommand[] = "a command wants id, cmd and exp";
const char kBusy[] = "ERR busy, try again";
const char kNoClock[] = "ERR the board does not know the time yet, try again";
const char kExpired[] = "ERR expired";
const char kRefused[] = "ERR this command works on the serial line only";
const char kNoAnswer[] = "ERR no answer";
const char kRebooting[] = "OK rebooting";

bool StartsAs(const char* text, size_t size, const char* begin) {
  const size_t length = std::strlen(begin);
  return size >= length && std::memcmp(text, begin, length) == 0;
}

// What is a command's first answer.
bool IsAnswer(const char* text, size_t size) {
  return StartsAs(text, size, "OK ") || StartsAs(text, size, "ERR ") ||
         StartsAs(text, size, "Calibrating: ") || StartsAs(text, size, "Learning: ");
}

bool WorksFromAfar(CommandKind kind) {
  switch (kind) {
    case CommandKind::kInvalid:  // its error is the answer
    case CommandKind::kHelp:
    case CommandKind::kStatus:
    case CommandKind::kModel:
    case CommandKind::kInject:
    case CommandKind::kThreshold:
    case CommandKind::kSelftest:
    case CommandKind::kCalibrate:
    case CommandKind::kChannels:
    case CommandKind::kNormal:
    case CommandKind::kAccept:
    case CommandKind::kForget:
    case CommandKind::kLearnt:
    case CommandKind::kLearn:
      return true;
    default:
      return false;
  }
}

}  // namespace

void RemoteConsole::Write(const char* text, size_t size) {
  if (stage_ != Stage::kRuns || typing_ || !IsAnswer(text, size)) return line_.Write(text, size);
  Answer(text, size);
}

void RemoteConsole::Answer(const char* text) { Answer(text, std::strlen(text)); }

void RemoteConsole::Answer(const char* text, size_t size) {
  size = size < sizeof(answer_) ? size : sizeof(answer_) - 1;
  std::memcpy(answer_, text, size);
  answer_[size] = '\0';
  stage_ = Stage::kAnswered;
}

bool RemoteConsole::IsKnown(const char* id) {
  const uint32_t sum = Crc32(id, std::strlen(id));
  const int known = id_count_ < kRemembered ? id_count_ : kRemembered;
  for (int i = 0; i < known; ++i) {
    if (ids_[i] == sum) return true;
  }
  ids_[id_count_ % kRemembered] = sum;
  id_count_ = id_count_ + 1 < 2 * kRemembered ? id_count_ + 1 : kRemembered;
  return false;
}

// nullptr: nothing is against it.
const char* RemoteConsole::WhyNot(const char* command, int64_t expires, int64_t unix_ms) const {
  if (unix_ms == 0) return kNoClock;
  const int64_t expires_ms = expires < kMostSeconds ? 1000 * expires : expires;
  if (expires_ms < unix_ms) return kExpired;
  const CommandKind kind = ParseCommand(command).kind;
  const bool reboots = kind == CommandKind::kReboot && allows_reboot_;
  if (!reboots && !WorksFromAfar(kind)) return kRefused;
  return nullptr;
}

const char* RemoteConsole::Take(const char* json, size_t size, int64_t unix_ms, int64_t now_ms) {
  char id[kLongestId + 1];
  char command[kLongestCommand + 1];
  JsonField fields[] = {{"id", id, sizeof(id)}, {"cmd", command, sizeof(command)}, {"exp"}};
  if (!ReadJson(json, size, fields, 3)) return kNoCommand;
  for (const JsonField& field : fields) {
    if (!field.found) return kNoCommand;
  }
  if (id[0] == '\0') return kNoCommand;
  // An answer that is on its way has the only room there is; the sender asks again.
  if (stage_ != Stage::kIdle) return kBusy + std::strlen("ERR ");
  if (IsKnown(id)) return nullptr;
  std::memcpy(id_, id, sizeof(id));
  const char* const why_not = WhyNot(command, fields[2].number, unix_ms);
  if (why_not != nullptr) {
    Answer(why_not);
  } else if (ParseCommand(command).kind == CommandKind::kReboot) {
    wants_reboot_ = true;
    Answer(kRebooting);
  } else {
    stage_ = Stage::kRuns;
    gives_up_ms_ = now_ms + kPatienceMs;
    const bool typing = typing_;
    typing_ = false;
    runner_->Run(command);
    typing_ = typing;
  }
  return nullptr;
}

bool RemoteConsole::HasAnswer(int64_t now_ms) {
  if (stage_ == Stage::kRuns && now_ms >= gives_up_ms_) Answer(kNoAnswer);
  return stage_ == Stage::kAnswered;
}

void RemoteConsole::AnswerSent(int64_t now_ms) {
  stage_ = Stage::kIdle;
  if (wants_reboot_) reboots_ms_ = now_ms + kRebootDelayMs;
  wants_reboot_ = false;
}

void RemoteConsole::Poll(int64_t now_ms) {
  if (reboots_ms_ < 0 || now_ms < reboots_ms_) return;
  reboots_ms_ = -1;
  runner_->Run("reboot");
}

}  // namespace anomaly
