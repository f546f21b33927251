// The console side of what is learnt: keeps it in its store, and answers what was asked about it.
#pragma once

#include "Answers.h"
#include "Commands.h"
#include "Exchange.h"
#include "LearntBlock.h"
#include "Link.h"
#include "ModelConfig.h"
#include "Platform.h"
#include "Settings.h"

namespace anomaly {

class LearntConsole {
 public:
  // All must outlive it. `line` is empty between two calls; `link` may be nullptr.
  LearntConsole(const ModelConfig& config, Platform platform, LearntBlock& block,
                Settings& settings, Exchange& exchange, LineBuffer& line, Link* link)
      : config_(config),
        platform_(platform),
        block_(block),
        settings_(settings),
        exchange_(exchange),
        line_(line),
        link_(link) {}

  // Before anything is sampled: brings what is kept into the block; how many bytes they are.
  size_t Load();

  // Carries out kLearn, kNormal, kAccept, kForget or kLearnt. What became of it is the answer;
  // where it can be given at once, it is in the line.
  void Answer(const Command& command);

  // How it ended: takes it over, and prints it.
  void PrintFit(const Event& event);

  // Keeps what waits, and prints a line of the answer that has come.
  void Poll();

  // Nothing is kept any more: a factory reset has begun.
  void Stop() { stopped_ = true; }

 private:
  void Changed(Setting setting);
  // False: its answer is in the line, nothing was sent.
  bool Ask(Request::Kind kind, int value = 0);
  void AskFit(const Command& command);
  bool Refuse(Request::Kind kind);
  void PrintNext(const LearntReport& report);
  void AddWhyNot(const LearnResult& result);
  void AnswerRequest(const LearntReport& report);
  void AnswerNormal(const LearntReport& report);
  void AddChart(const LearntReport& report, int chart);
  void AddLimit(const LearntReport& report, int feature);
  const char* ValueName(int value) const;
  void Flush();

  const ModelConfig& config_;
  Platform platform_;
  LearntBlock& block_;
  Settings& settings_;
  Exchange& exchange_;
  LineBuffer& line_;
  Link* const link_;
  bool stopped_ = false;
  bool asked_ = false;
  int printed_ = 0;  // lines of the answer
};

}  // namespace anomaly
