// The console side of what is learnt: keeps it in its store, and answers what was asked about it.
#pragma once

#include "Answers.h"
#include "AppConfig.h"
#include "Exchange.h"
#include "LearntBlock.h"
#include "Platform.h"

class LearntConsole {
 public:
  // All must outlive it. `line` is empty between two calls.
  LearntConsole(const AppConfig& config, Platform platform, LearntBlock& block, Exchange& exchange,
                LineBuffer& line)
      : config_(config), platform_(platform), block_(block), exchange_(exchange), line_(line) {}

  // Before anything is sampled: brings what is kept into the block; how many bytes they are.
  size_t Load();

  // Sends a request about what is learnt; false: its answer is in the line, nothing was sent.
  bool Ask(Request::Kind kind, int value = 0);

  // Keeps what waits, and prints a line of the answer that has come.
  void Poll();

 private:
  bool Refuse(Request::Kind kind);
  void PrintNext(const LearntReport& report);
  void AnswerRequest(const LearntReport& report);
  void AnswerNormal(const LearntReport& report);
  void AddChart(const LearntReport& report, int chart);
  void AddLimit(const LearntReport& report, int feature);
  const char* ValueName(int value) const;
  void Flush();

  const AppConfig& config_;
  Platform platform_;
  LearntBlock& block_;
  Exchange& exchange_;
  LineBuffer& line_;
  bool asked_ = false;
  int printed_ = 0;  // lines of the answer
};
