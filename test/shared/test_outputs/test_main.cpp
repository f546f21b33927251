#include <unity.h>

#include "../../suite_main.h"
#include "BoardOutputs.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

// Remembers when it was switched on, on a time line of milliseconds.
class Pin final : public Switch {
 public:
  void Set(bool on) override {
    TEST_ASSERT_TRUE_MESSAGE(on != on_, "set to what it is");
    on_ = on;
    ++changes_;
  }
  bool on() const { return on_; }
  int changes() const { return changes_; }

 private:
  bool on_ = false;
  int changes_ = 0;
};

static void Say(VerdictSink& sink, State state) {
  FrameVerdict verdict = {};
  verdict.state = state;
  sink.Take(
      {verdict, state == State::kFault ? Fault::kOutOfRange : Fault::kNone, nullptr, nullptr});
}

// A buzzer that is polled every 10 ms, as the console does.
struct Bench {
  Pin pin;
  BuzzerOutput buzzer{&pin};
  int64_t now_ms = 0;

  // How long it sounded until then.
  int Listen(int64_t milliseconds) {
    int sounded = 0;
    for (const int64_t end = now_ms + milliseconds; now_ms < end; now_ms += 10) {
      buzzer.Poll(now_ms * 1000);
      if (pin.on()) sounded += 10;
    }
    return sounded;
  }
};

static void ABuzzerIsSilentWithoutAnAlarm() {
  Bench bench;
  TEST_ASSERT_EQUAL(0, bench.Listen(5000));
  Say(bench.buzzer, State::kNormal);
  TEST_ASSERT_EQUAL(0, bench.Listen(5000));
  Say(bench.buzzer, State::kWarmup);
  TEST_ASSERT_EQUAL(0, bench.Listen(5000));
  TEST_ASSERT_EQUAL(0, bench.pin.changes());
}

static void AnAnomalyIsTwoShortBeepsASecond() {
  Bench bench;
  bench.Listen(7340);
  Say(bench.buzzer, State::kAnomaly);
  for (int second = 0; second < 3; ++second) {
    TEST_ASSERT_EQUAL(100, bench.Listen(100));
    TEST_ASSERT_EQUAL(0, bench.Listen(100));
    TEST_ASSERT_EQUAL(100, bench.Listen(100));
    TEST_ASSERT_EQUAL(0, bench.Listen(700));
    Say(bench.buzzer, State::kAnomaly);
  }
  TEST_ASSERT_EQUAL(12, bench.pin.changes());
  Say(bench.buzzer, State::kNormal);
  TEST_ASSERT_EQUAL(0, bench.Listen(5000));
}

static void AFaultIsALongBeepEveryFourSeconds() {
  Bench bench;
  Say(bench.buzzer, State::kFault);
  for (int round = 0; round < 2; ++round) {
    TEST_ASSERT_EQUAL(600, bench.Listen(600));
    TEST_ASSERT_EQUAL(0, bench.Listen(3400));
  }
}

static void TheNextAlarmWaitsForTheBeepsAndForNothingElse() {
  Bench bench;
  Say(bench.buzzer, State::kFault);
  bench.Listen(100);
  Say(bench.buzzer, State::kAnomaly);
  TEST_ASSERT_EQUAL(500, bench.Listen(500));  // the rest of the long one
  TEST_ASSERT_EQUAL(200, bench.Listen(1000));
  TEST_ASSERT_EQUAL(200, bench.Listen(1000));
}

static void TheShortestAlarmIsHeardWhole() {
  Bench bench;
  bench.Listen(1000);
  Say(bench.buzzer, State::kAnomaly);
  Say(bench.buzzer, State::kNormal);  // before the console had its turn
  TEST_ASSERT_EQUAL(200, bench.Listen(300));
  TEST_ASSERT_EQUAL(0, bench.Listen(5000));
}

static void AfterABusyConsoleItIsSilentAtOnce() {
  Bench bench;
  Say(bench.buzzer, State::kAnomaly);
  bench.Listen(10);
  bench.now_ms += 5000;  // it was busy
  Say(bench.buzzer, State::kNormal);
  TEST_ASSERT_EQUAL(0, bench.Listen(5000));
  TEST_ASSERT_EQUAL(2, bench.pin.changes());
}

static void ARelayIsOnWhileThereIsAnAnomaly() {
  Pin pin;
  RelayOutput relay(&pin);
  Say(relay, State::kWarmup);
  Say(relay, State::kNormal);
  TEST_ASSERT_FALSE(pin.on());
  Say(relay, State::kAnomaly);
  Say(relay, State::kAnomaly);
  TEST_ASSERT_TRUE(pin.on());
  Say(relay, State::kFault);
  TEST_ASSERT_FALSE(pin.on());
  Say(relay, State::kNormal);
  TEST_ASSERT_EQUAL(2, pin.changes());
}

static void WhatIsNotThereIsLeftAlone() {
  BuzzerOutput buzzer(nullptr);
  RelayOutput relay(nullptr);
  Say(buzzer, State::kAnomaly);
  Say(relay, State::kAnomaly);
  buzzer.Poll(1000);
}

static void RunTests() {
  RUN_TEST(ABuzzerIsSilentWithoutAnAlarm);
  RUN_TEST(AnAnomalyIsTwoShortBeepsASecond);
  RUN_TEST(AFaultIsALongBeepEveryFourSeconds);
  RUN_TEST(TheNextAlarmWaitsForTheBeepsAndForNothingElse);
  RUN_TEST(TheShortestAlarmIsHeardWhole);
  RUN_TEST(AfterABusyConsoleItIsSilentAtOnce);
  RUN_TEST(ARelayIsOnWhileThereIsAnAnomaly);
  RUN_TEST(WhatIsNotThereIsLeftAlone);
}

SUITE_MAIN(RunTests)
