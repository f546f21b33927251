// The main loop, the same on the chip and on the host. Two sides that may run in two threads:
// Sample() once every sample period, and Poll() as often as there is time. They meet in two bounded
// queues only, so that a slow serial line never delays a sample.
#pragma once

#include <atomic>
#include <cstdint>

#include "AnomalyDetector.h"
#include "Board.h"
#include "Calibration.h"
#include "Console.h"
#include "LatencyHistory.h"
#include "SpscQueue.h"
#include "Telemetry.h"

// What the program knows of its model; src/app_config.h fills it from the generated header.
struct AppConfig {
  const char* profile;
  const char* fingerprint;           // 64 hexadecimal digits
  const char* const* channel_names;  // [channels]
  const char* const* channel_units;  // [channels]
  uint32_t sample_period_us;
  int32_t model_bytes;
  const SensorConfig& sensor;
  const FeatureConfig& features;
  const DetectorConfig& detector;
  int golden_count;
  const float* golden_inputs;   // [golden_count][features.count]
  const float* golden_outputs;  // the same shape
  float golden_tolerance;       // largest error of a healthy engine
};

// One sample's outcome, on its way from the sampling side to the console side.
struct Event {
  enum class Kind : uint8_t { kReading, kFault, kSelftest, kCalibration };
  Kind kind;
  SensorFault fault;             // kFault
  uint32_t sequence;             // samples since the start, wraps
  int64_t micros;                // time of the sample since the start
  Verdict verdict;               // kReading
  float max_error;               // kSelftest
  float values[kMaxChannels];    // kReading: of the sensor; kCalibration: the noise of each
  bool shows_channels;           // kReading: `expected` is set, and the line says it
  float expected[kMaxChannels];  // of each channel
  Calibration::Status calibration;
  float threshold_scale;   // kCalibration
  uint32_t requests_done;  // kCalibration: so many requests had been taken before
};

// The other way.
struct Request {
  enum class Kind : uint8_t {
    kInject,
    kThreshold,
    kDefaultThreshold,
    kSelftest,
    kCalibrate,
    kForgetCalibration,
  };
  Kind kind;
  float value;
  uint32_t count;  // samples
};

class DetectorApp {
 public:
  // All must outlive the app. `engine` is loaded by Start().
  DetectorApp(const AppConfig& config, FeatureMemory memory, Board& board, Autoencoder& engine);

  // Says hello, loads the engine, runs the self-test. After a failure the app goes on without
  // judging anything: it repeats the message every 5 s, blinks the LED and answers `status`. So it
  // does after three starts in a row that never returned from here.
  void Start();

  // Sampling side: reads the sensor, judges, sets the LED. Call once a sample period.
  void Sample();

  // Sampling side: so many sample periods went by without a call of Sample().
  void AddMissed(uint32_t periods) { missed_.fetch_add(periods, std::memory_order_relaxed); }

  // Console side: prints what happened, carries out what was typed, so much of it as there is room
  // for: readings go first, and a flood of bytes ends no call. True: more waits.
  bool Poll();

  // Totals over all samples; exact on the sampling side, a snapshot elsewhere.
  uint32_t samples() const { return samples_.load(std::memory_order_relaxed); }
  State state() const { return state_.load(std::memory_order_relaxed); }
  // Sampling side: the last sample's verdict.
  const Verdict& verdict() const { return verdict_; }
  bool failed() const { return failure_ != nullptr; }

  // Starts the sample counter elsewhere than at 0, to try its wrap.
  void SetSampleCount(uint32_t count) { samples_.store(count, std::memory_order_relaxed); }

 private:
  // Sampling side.
  void TakeRequests();
  void BeginPiece();
  bool Take(const Request& request);
  void Publish(const Event& event);
  void PublishCalibration(Calibration::Status status);
  void CancelCalibration();
  void UseThreshold();
  float SelfTest();

  // Console side.
  bool PrintNext();
  void Print(const Event& event);
  void Answer(const Command& command);
  void AnswerStatus();
  void AnswerModel();
  void AnswerRaw(const Command& command);
  void AnswerChannels(const Command& command);
  void AnswerInject(const Command& command);
  void AnswerThreshold(const Command& command);
  void AnswerCalibrate(const Command& command);
  void PrintCalibration(const Event& event);
  void LoadSettings();
  void TakeCalibration(const Event& event);
  bool Save(Setting setting, float value);  // false: not kept
  bool Failed();
  bool SendRequest(const Request& request);  // false: busy, which is then the answer
  void AddSelfTest(float max_error);
  void Fail(const char* what, const char* detail);
  void PrintFailure();
  void BlinkFailure();
  void Flush();
  float Threshold() const;  // in use, once all requests are taken
  bool ForgetIsOnItsWay(uint32_t done) const;
  const char* Cause(int8_t feature) const;

  const AppConfig& config_;
  Board& board_;
  Autoencoder& engine_;

  // Sampling side.
  AnomalyDetector detector_;
  SensorCheck checks_[kMaxChannels];
  Calibration calibration_;
  float user_threshold_ = 0.0f;  // 0: there is none
  float threshold_scale_ = 1.0f;
  uint32_t inject_left_ = 0;
  float inject_value_ = 0.0f;
  bool injecting_ = false;  // it has begun
  bool led_ = false;        // after a failed start the console side's
  Verdict verdict_ = {};
  bool selftest_failed_ = false;

  // Shared.
  SpscQueue<Event, 32> events_;
  SpscQueue<Request, 8> requests_;
  LatencyHistory latencies_;
  std::atomic<uint32_t> samples_{0};
  std::atomic<uint32_t> missed_{0};
  std::atomic<uint32_t> dropped_{0};
  std::atomic<State> state_{State::kWarmup};
  std::atomic<uint32_t> engine_failures_{0};  // samples that the engine could not judge
  std::atomic<uint32_t> requests_done_{0};
  std::atomic<float> noise_{0.0f};     // of channel 0, as believed
  std::atomic<bool> channels_{false};  // readings show them all

  // Console side. What was set on this device; the sampling side follows with its next sample.
  struct {
    float threshold;  // the user's own, 0: there is none
    float threshold_scale;
    float noise[kMaxChannels];
  } set_ = {0.0f, 1.0f, {}};
  uint32_t requests_sent_ = 0;
  uint32_t forget_sent_ = 0;  // requests_sent_ after the last `calibrate default`
  LineReader reader_;
  LineBuffer line_;
  bool raw_ = false;
  bool raw_crc_ = false;
  const char* failure_ = nullptr;  // set by Start(), before any thread runs
  const char* failure_detail_ = "";
  int64_t next_failure_micros_ = 0;
  uint32_t anomalies_ = 0;
  uint32_t faults_ = 0;
  State last_state_ = State::kWarmup;
};
