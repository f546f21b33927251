// The commands that arrive on the serial line, byte by byte. Any bytes are safe: what is no command
// gives one error.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

enum class CommandKind : uint8_t {
  kEmpty,    // an empty line: no answer is due
  kInvalid,  // `error` says why
  kHelp,
  kStatus,
  kModel,
  kRaw,
  kBaud,
  kInject,
  kThreshold,
  kSelftest,
  kReboot,
  kCalibrate,
  kChannels,
  kNormal,
  kAccept,
  kForget,
  kLearnt,
  kLearn,
  kLink,
  kProvision,
  kFactoryReset,
};

struct Command {
  CommandKind kind;
  bool on;            // kRaw, kChannels
  bool crc;           // kRaw: with a check sum
  bool restore;       // kThreshold, kCalibrate, kLearn: "default"
  float value;        // kInject, kThreshold
  uint32_t count;     // kInject: samples; kCalibrate, kLearn: seconds; kBaud: bits a second
  const char* error;  // kInvalid: one sentence, static
  const char* text;   // of the line that was parsed: kLink: what stands behind it; kProvision: all
};

// The text that `help` answers.
extern const char kHelpText[];

// Parses one line without its end. Words are separated by spaces or tabs; case matters. `link`
// and what provisions a board may be longer than kMaxCommand.
constexpr size_t kMaxCommand = 80;
Command ParseCommand(const char* line);

// Gathers bytes into lines.
class LineReader {
 public:
  static constexpr size_t kMaxLine = 640;

  // Takes one byte. True when it ends a line: line() then holds it until the next call. Carriage
  // return, line feed and NUL end a line, backspace takes one character back. A line longer than
  // kMaxLine becomes one that ParseCommand refuses.
  bool Feed(char byte);
  const char* line() const { return line_; }

 private:
  char line_[kMaxLine + 2] = {};
  size_t size_ = 0;
};

}  // namespace anomaly
