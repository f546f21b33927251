// Carries out what the broker sends as commands, on the board's own console: its answer goes back
// to the sender, and not to the serial line. Console thread.
#pragma once

#include "Platform.h"

namespace anomaly {

// Carries out a command as if it had been typed.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  virtual void Run(const char* line) = 0;
};

// The serial line as the console sees it.
class RemoteConsole final : public SerialLine {
 public:
  static constexpr size_t kLongestId = 40;
  static constexpr size_t kLongestCommand = 80;

  RemoteConsole(SerialLine& line, bool allows_reboot)
      : line_(line), allows_reboot_(allows_reboot) {}

  void Write(const char* text, size_t size) override;
  int ReadByte() override { return line_.ReadByte(); }
  void SetBaud(uint32_t baud) override { line_.SetBaud(baud); }

  void SetRunner(CommandRunner* runner) { runner_ = runner; }
  // What is typed meanwhile on the serial line is answered there.
  void SetTyping(bool typing) { typing_ = typing; }

  // A message of the topic `cmd`; `unix_ms`: now, 0 where that is not known. nullptr, or why it is
  // no command, and then nothing is answered.
  const char* Take(const char* json, size_t size, int64_t unix_ms, int64_t now_ms);

  // An answer that waits to be sent: true, with the command's id and the line.
  bool HasAnswer(int64_t now_ms);
  const char* id() const { return id_; }
  const char* answer() const { return answer_; }
  void AnswerSent(int64_t now_ms);

  // Carries out what had to wait for its answer to be on its way.
  void Poll(int64_t now_ms);

 private:
  static constexpr int kRemembered = 8;
  enum class Stage : uint8_t { kIdle, kRuns, kAnswered };

  void Answer(const char* text);
  void Answer(const char* text, size_t size);
  const char* WhyNot(const char* command, int64_t expires, int64_t unix_ms) const;
  bool IsKnown(const char* id);

  SerialLine& line_;
  const bool allows_reboot_;
  CommandRunner* runner_ = nullptr;
  bool typing_ = false;
  Stage stage_ = Stage::kIdle;
  int64_t gives_up_ms_ = 0;
  int64_t reboots_ms_ = -1;  // at this time; below 0: not, or not yet
  bool wants_reboot_ = false;
  char id_[kLongestId + 1] = {};
  char answer_[513] = {};
  uint32_t ids_[kRemembered] = {};  // the last ones, as their CRC-32
  int id_count_ = 0;
};

}  // namespace anomaly
