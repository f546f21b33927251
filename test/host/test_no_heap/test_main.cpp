// Nothing in lib/ allocates after start-up: with a heap that refuses, the whole app goes through
// samples, faults, anomalies, every command and a calibration, and nobody notices.
#include <unity.h>

#include <cstdio>
#include <cstdlib>

#include "../../../src/app_config.h"
#include "../../suite_main.h"
#include "../everything_config.h"
#include "../heap_guard.h"
#include "../simulated_board.h"
#include "App.h"
#include "DenseAutoencoder.h"
#include "MeanAutoencoder.h"
#include "RecordedInput.h"
#include "SimulatedInput.h"

void setUp() { heap_guard::attempts = 0; }
void tearDown() { heap_guard::forbidden = false; }

static void TheGuardNoticesAnAllocation() {
  heap_guard::forbidden = true;
  int* volatile memory = new (std::nothrow) int(1);
  heap_guard::forbidden = false;
  delete memory;
  TEST_ASSERT_TRUE(heap_guard::attempts > 0);
}

struct Seen {
  bool states[4];
};

// Samples until `count` are through; what is typed is answered on the way.
static void Run(App& app, int count, Seen* seen) {
  for (int i = 0; i < count; ++i) {
    app.Step();
    seen->states[static_cast<int>(app.state())] = true;
    app.Poll();
  }
}

static const char* const kCommands[] = {"help\n",
                                        "status\n",
                                        "model\n",
                                        "raw on crc\n",
                                        "raw off\n",
                                        "channels on\n",
                                        "selftest\n",
                                        "inject 50 4\n",
                                        "threshold 3.5\n",
                                        "threshold default\n",
                                        "calibrate 20\n",
                                        "calibrate default\n",
                                        "reboot\n",
                                        "inject nan\n",
                                        "nonsense\n",
                                        "raw\n",
                                        "\b\x7f\xff\x01 \t\n"};

static void RunEverything(App& app, SimulatedBoard& board, const SensorConfig& sensor,
                          const NormalSignal& normal, uint32_t period_us, Seen* seen) {
  SimulatedInput calm(sensor, normal, 0, Scenario::kNormal, 1, period_us);
  SimulatedInput mixed(sensor, normal, 0, Scenario::kMixed, 2, period_us);
  board.source = &calm;
  app.Start();
  heap_guard::forbidden = true;
  Run(app, 1000, seen);
  board.input = "calibrate 30\n";
  Run(app, 300, seen);
  board.source = &mixed;
  for (const char* command : kCommands) {
    board.input = command;
    Run(app, 100, seen);
  }
  for (int i = 0; i < 100; ++i) app.Step();  // the console is busy: 32 events wait
  Run(app, 1, seen);
  heap_guard::forbidden = false;
  board.source = nullptr;
}

static void TheAppOfTheProfileNeedsNoHeap() {
  static ModelMemory storage;
  DenseAutoencoder dense(model_config::kDenseModel);
  MeanAutoencoder mean(model_config::kFeatureCount);
  Autoencoder& engine = model_config::kHasNetwork ? static_cast<Autoencoder&>(dense) : mean;
  SimulatedBoard board(model_config::kSamplePeriodUs, 0);
  App app(kAppConfig, storage.memory(), board.platform(), board, engine);
  Seen seen = {};
  RunEverything(app, board, model_config::kSensor, model_config::kNormalSignal,
                model_config::kSamplePeriodUs, &seen);
  TEST_ASSERT_EQUAL_INT(0, heap_guard::attempts);
  TEST_ASSERT_FALSE(app.failed());
  TEST_ASSERT_EQUAL_INT(1, board.reboots);
}

static void AnAppThatUsesEverythingNeedsNoHeap() {
  static FeatureState states[everything::kCount];
  MeanAutoencoder engine(everything::kCount);
  SimulatedBoard board(everything::kPeriodUs, 0);
  App app(everything::kApp, {states, nullptr}, board.platform(), board, engine);
  Seen seen = {};
  RunEverything(app, board, everything::kSensor, everything::kNormalSignal, everything::kPeriodUs,
                &seen);
  TEST_ASSERT_EQUAL_INT(0, heap_guard::attempts);
  for (const bool state : seen.states) TEST_ASSERT_TRUE(state);
  board.input = "status\n";
  app.Poll();
  TEST_ASSERT_TRUE(board.Answered(" missed=0 dropped=69 queue_max=32"));
}

static void ARecordingIsReplayedWithoutHeap() {
  const char path[] = "test_no_heap.csv";
  std::FILE* file = std::fopen(path, "wb");
  TEST_ASSERT_NOT_NULL(file);
  std::fputs("time,value\n", file);
  for (int i = 0; i < 5000; ++i) std::fprintf(file, "%d,%d.5\n", i, 20 + i % 10);
  std::fclose(file);
  {
    const char* const names[] = {"value"};
    RecordedInput recording;
    TEST_ASSERT_EQUAL_STRING("", recording.Open(path, nullptr, names, 1, 1000000));
    heap_guard::forbidden = true;
    int rows = 0;
    for (; !recording.Done(); ++rows) recording.Next();
    heap_guard::forbidden = false;
    TEST_ASSERT_EQUAL_INT(5000, rows);
  }
  std::remove(path);
  TEST_ASSERT_EQUAL_INT(0, heap_guard::attempts);
}

static void RunTests() {
  RUN_TEST(TheGuardNoticesAnAllocation);
  RUN_TEST(TheAppOfTheProfileNeedsNoHeap);
  RUN_TEST(AnAppThatUsesEverythingNeedsNoHeap);
  RUN_TEST(ARecordingIsReplayedWithoutHeap);
}

SUITE_MAIN(RunTests)
