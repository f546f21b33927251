// The console side: prints what happened, and carries out what was typed.
#pragma once

#include "Answers.h"
#include "Commands.h"
#include "EventPrinter.h"
#include "Exchange.h"
#include "LearntConsole.h"
#include "Link.h"
#include "Platform.h"
#include "RawConsole.h"
#include "SampleDetector.h"
#include "Settings.h"

namespace anomaly {

class CommandShell final : public CommandRunner {
 public:
  // All must outlive the shell. `part`: what the input says of itself; `link` may be nullptr.
  CommandShell(SampleDetector& detector, Platform platform, Settings& settings, Exchange& exchange,
               LearntBlock& learnt, const char* part, Link* link);

  // ---- before anything is sampled
  void Greet(const char* reset_reason);  // nullptr: the board knows none
  // The self-test's largest error, and what became of the settings and of what was learnt.
  void SayReady(float max_error, BlockFound settings, BlockFound learnt);
  size_t LoadLearnt() { return learnt_.Load(); }

  // Nothing will be judged: says so at once and every 5 s, and in `status`. `detail` may be "".
  void Fail(const char* what, const char* detail);
  bool failed() const { return failure_ != nullptr; }

  // ---- while it runs

  // Prints and answers, so much of it as there is room for: readings go first, and a flood of bytes
  // ends no call. True: more waits.
  bool Poll();

  // Carries out a command as if it had been typed.
  void Run(const char* line) override { Answer(ParseCommand(line)); }

 private:
  bool PollLine();
  bool IsOfPacket(uint8_t byte);
  int PrintNext();  // what it prints counts for so many lines; 0: there is nothing
  void PrintCalibration(const Event& event);
  void TakeCalibration(const Event& event);
  void PrintFailure();

  void Answer(const Command& command);
  void AnswerStatus();
  void AnswerModel();
  void AnswerInject(const Command& command);
  void AnswerThreshold(const Command& command);
  void AnswerCalibrate(const Command& command);
  void AnswerSelfTest();
  void AnswerLink(const Command& command);
  void AnswerFactoryReset();
  // The link is told.
  void Changed(Setting setting);

  // After a failed start no such command can be carried out, and that is the answer.
  bool Refuse();
  // False: there is no room for it, which is then the answer.
  bool Send(const Request& request);
  // A `calibrate default` was answered, and is not among the first `done` requests.
  bool ForgetIsOnItsWay(uint32_t done) const;
  void Flush();

  const ModelConfig& config_;
  Platform platform_;
  Autoencoder& engine_;
  Settings& settings_;
  Exchange& exchange_;
  LineBuffer line_;
  EventPrinter printer_;
  LearntConsole learnt_;
  RawConsole raw_;
  LineReader reader_;
  Link* const link_;
  uint32_t forget_sent_ = 0;  // requests_sent after the last `calibrate default`
  const char* failure_ = nullptr;
  const char* failure_detail_ = "";
  int64_t next_failure_micros_ = 0;
};

}  // namespace anomaly
