// Nothing in lib/ allocates after start-up: with a heap that refuses, the whole app goes through
// samples, faults, anomalies, every command and a calibration, and nobody notices.
#include <unity.h>

#include <cstdio>
#include <cstdlib>

#include "../../../src/app_config.h"
#include "../../../src/link_config.h"
#include "../../simulated_flash.h"
#include "../../suite_main.h"
#include "../everything_config.h"
#include "../heap_guard.h"
#include "../simulated_board.h"
#include "App.h"
#include "DenseAutoencoder.h"
#include "MeanAutoencoder.h"
#include "RecordedInput.h"
#include "SimulatedInput.h"

using namespace anomaly;

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
                                        "learn 10\n",
                                        "learn default\n",
                                        "reboot\n",
                                        "inject nan\n",
                                        "nonsense\n",
                                        "raw\n",
                                        "\b\x7f\xff\x01 \t\n"};

static const char kLinkId[] = "020000000001";

// A gateway that comes, says what it may say, and goes.
static const char* const kLinkLines[] = {
    "link id\n",
    "link on 1700000000000\n",
    "link anomaly/v1/020000000001/ack {\"boot\":1,\"seq\":1}\n",
    "link anomaly/v1/020000000001/cmd {\"id\":\"1\",\"cmd\":\"selftest\",\"exp\":1800000000}\n",
    "link anomaly/v1/020000000001/cmd {\"id\":\"2\",\"cmd\":\"raw on\",\"exp\":1800000000}\n",
    "link homeassistant/status online\n",
    "link nonsense\n",
    "link off\n",
    "factory-reset\n"};

static Platform Linked(SimulatedBoard& board, Link& link) {
  const Platform own = board.platform();
  return {own.clock, own.led, link.console(), own.settings, own.system, own.learnt};
}

static void RunLink(App& app, SimulatedBoard& board, const SensorConfig& sensor,
                    const NormalSignal& normal, uint32_t period_us, Seen* seen) {
  SimulatedInput mixed(sensor, normal, 0, Scenario::kMixed, 3, period_us);
  board.source = &mixed;
  heap_guard::forbidden = true;
  for (const char* line : kLinkLines) {
    board.input = line;
    Run(app, 100, seen);
  }
  heap_guard::forbidden = false;
  board.source = nullptr;
}

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
  board.input = "learn 10\n";
  Run(app, 600, seen);
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
  model_config::Model::Engine engine(model_config::Model::kNetwork);
  SimulatedBoard board(model_config::kSamplePeriodUs, 0);
  SimulatedFlash flash(64);
  const LinkConfig config = LinkConfigOf(model_config::kConfig, kLinkId);
  Link link(config, board.platform(), flash);
  static Detector<model_config::Model, Autoencoder&> detector(engine);
  App app(detector, storage.memory(), Linked(board, link), board, &link);
  Seen seen = {};
  RunEverything(app, board, model_config::kSensor, model_config::kNormalSignal,
                model_config::kSamplePeriodUs, &seen);
  TEST_ASSERT_EQUAL_INT(1, board.reboots);
  const int64_t bytes = board.bytes;
  RunLink(app, board, model_config::kSensor, model_config::kNormalSignal,
          model_config::kSamplePeriodUs, &seen);
  TEST_ASSERT_TRUE(board.bytes > bytes + 3000);  // of messages, too
  TEST_ASSERT_EQUAL_INT(0, heap_guard::attempts);
  TEST_ASSERT_FALSE(app.failed());
  TEST_ASSERT_EQUAL_INT(2, board.reboots);
}

static void AnAppThatUsesEverythingNeedsNoHeap() {
  static FeatureState states[everything::kCount];
  static CalibrationMemory calibration[everything::kChannels];
  MeanAutoencoder engine(everything::kCount);
  SimulatedBoard board(everything::kPeriodUs, 0);
  static float refit[everything::kRefitFloats];
  SampleDetector detector(everything::kApp, {{states, nullptr, nullptr, refit}, calibration},
                          engine);
  App app(detector, {}, board.platform(), board);
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
