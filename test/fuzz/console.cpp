// Any bytes on the serial line: LineReader and ParseCommand. Input: the bytes.
#include <cmath>
#include <string>

#include "Commands.h"
#include "fuzz.h"

using namespace anomaly;

static void CheckCommand(const Command& command) {
  Require(command.kind <= CommandKind::kFactoryReset, "the kind of command is known");
  Require((command.kind == CommandKind::kInvalid) == (command.error != nullptr),
          "an error is said exactly where there is one");
  switch (command.kind) {
    case CommandKind::kInject:
      Require(std::isfinite(command.value), "an injected value is finite");
      Require(command.count >= 1 && command.count <= 100000, "COUNT is in its range");
      break;
    case CommandKind::kThreshold:
      Require(command.restore || (std::isfinite(command.value) && command.value > 0.0f),
              "a threshold is finite and above 0");
      break;
    case CommandKind::kBaud:
      Require(command.count >= 115200 && command.count <= 2000000, "a speed is one that there is");
      break;
    case CommandKind::kCalibrate:
    case CommandKind::kLearn:
      Require(command.restore || (command.count >= 10 && command.count <= 3600),
              "SECONDS are in their range");
      break;
    default:
      break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  LineReader reader;
  std::string typed;  // what a person sees on the line
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<char>(data[i]);
    const bool ends = byte == '\r' || byte == '\n' || byte == '\0';
    Require(reader.Feed(byte) == ends, "a line ends at its end and nowhere else");
    if (ends) {
      const Command command = ParseCommand(reader.line());
      CheckCommand(command);
      const bool whole = typed == reader.line();
      Require(whole || command.kind == CommandKind::kInvalid, "a cut line is no command");
      const bool links = command.kind == CommandKind::kLink;
      const bool may_be_long = links || command.kind == CommandKind::kProvision;
      Require(typed.size() <= (may_be_long ? LineReader::kMaxLine : kMaxCommand) ||
                  command.kind == CommandKind::kInvalid,
              "a line that is too long is no command");
      Require(!links || command.text == reader.line() + std::strlen("link "),
              "what is meant for the link is in the line");
      typed.clear();
    } else if (byte == '\b' || byte == '\x7f') {
      if (!typed.empty()) typed.pop_back();
    } else {
      typed.push_back(byte);
    }
  }
  return 0;
}
