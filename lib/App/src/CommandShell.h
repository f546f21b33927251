// The console side: prints what happened, and carries out what was typed.
#pragma once

#include "Answers.h"
#include "AppConfig.h"
#include "Autoencoder.h"
#include "Commands.h"
#include "EventPrinter.h"
#include "Exchange.h"
#include "LearntConsole.h"
#include "Platform.h"
#include "Settings.h"

class CommandShell {
 public:
  // All must outlive the shell. `part`: what the input says of itself.
  CommandShell(const AppConfig& config, Platform platform, Autoencoder& engine, Settings& settings,
               Exchange& exchange, LearntBlock& learnt, const char* part);

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

 private:
  bool PrintNext();
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
  void AnswerLearnt(Request::Kind kind);

  // After a failed start no such command can be carried out, and that is the answer.
  bool Refuse();
  // False: there is no room for it, which is then the answer.
  bool Send(const Request& request);
  // A `calibrate default` was answered, and is not among the first `done` requests.
  bool ForgetIsOnItsWay(uint32_t done) const;
  void Flush();

  const AppConfig& config_;
  Platform platform_;
  Autoencoder& engine_;
  Settings& settings_;
  Exchange& exchange_;
  LineBuffer line_;
  EventPrinter printer_;
  LearntConsole learnt_;
  LineReader reader_;
  uint32_t forget_sent_ = 0;  // requests_sent after the last `calibrate default`
  const char* failure_ = nullptr;
  const char* failure_detail_ = "";
  int64_t next_failure_micros_ = 0;
};
