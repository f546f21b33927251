// What crosses between the sampling side and the console side, which may be two threads: two
// bounded queues, so that a slow serial line never delays a sample, and counters.
#pragma once

#include <atomic>
#include <cstdint>

#include "BlockRing.h"
#include "LatencyHistory.h"
#include "NoiseCalibration.h"
#include "SpscQueue.h"
#include "VerdictSink.h"

namespace anomaly {

// How a `learn` ended: kDone, why not, or kIdle after `learn default`.
struct LearnResult {
  Refit::Status status;
  int8_t step_value;        // kStep: of a frame
  uint32_t frames;          // that were taken
  float default_threshold;  // of the detector that is in use now
};

// What happened, on its way from the sampling side to the console side.
struct Event {
  enum class Kind : uint8_t { kReading, kFault, kSample, kSelftest, kCalibration, kLearn };
  Kind kind;
  Fault fault;                 // kFault, kSample
  FrameVerdict verdict;        // kReading, kFault
  uint32_t sequence;           // kSample: of all samples, wraps
  int64_t micros;              // kSample: its time since the start
  float max_error;             // kSelftest
  float values[kMaxValues];    // of a frame or a sample; kCalibration: the noise of each
  bool shows_channels;         // kReading: `expected` is set, and the line says it
  float expected[kMaxValues];  // of each value
  NoiseCalibration::Status calibration;
  float threshold_scale;   // kCalibration
  uint32_t requests_done;  // kCalibration: so many requests had been taken before
  LearnResult learn;       // kLearn
};

// The other way.
struct Request {
  enum class Kind : uint8_t {
    kNormal,
    kAccept,
    kForget,
    kLearnt,
    kInject,
    kThreshold,
    kDefaultThreshold,
    kSelftest,
    kCalibrate,
    kForgetCalibration,
    kLearn,
    kForgetFit,
  };
  Kind kind;
  float value;
  uint32_t count;  // kInject: samples; kCalibrate, kLearn: frames; kLearnt: which value of a frame
};

// What became of the last request of kNormal to kLearnt.
struct LearntReport {
  Request::Kind kind;
  uint32_t days;            // learnt before it
  AcceptedAlarm accepted;   // kNormal
  SlowWatch::Change level;  // kAccept
  int value;                // kLearnt, and what follows
  float minutes;            // that its slow charts have seen
  SlowCharts::Standing standings[kSlowCharts];
  float limits[ResidualLimits::kSides * kMaxFeatures];
};

// Adds to a counter that one thread writes: cheaper than an addition that several could make.
inline void Count(std::atomic<uint32_t>& counter, uint32_t more = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

class Exchange final : public VerdictSink {
 public:
  // `values`: of a frame. Raw samples are packed where there is a config.
  explicit Exchange(int values, const PackingConfig* packing = nullptr, PackingMemory memory = {})
      : blocks(packing, memory), value_count_(values) {}

  // Sampling side. What finds no room is counted, and lost.
  void Take(const JudgedFrame& frame) override {
    Event* const event = events.Room();
    if (event == nullptr) return Count(dropped);
    event->kind = frame.fault == Fault::kNone ? Event::Kind::kReading : Event::Kind::kFault;
    event->fault = frame.fault;
    event->verdict = frame.verdict;
    event->shows_channels = frame.expected != nullptr;
    for (int i = 0; i < value_count_; ++i) {
      event->values[i] = frame.values[i];
      if (event->shows_channels) event->expected[i] = frame.expected[i];
    }
    events.Send();
  }
  void Publish(const Event& event) {
    if (!events.Push(event)) Count(dropped);
  }

  // Console side: false, there is no room for the request.
  bool Send(const Request& request) {
    if (!requests.Push(request)) return false;
    ++requests_sent;
    return true;
  }

  SpscQueue<Event, 32> events;
  SpscQueue<Request, 8> requests;
  BlockRing blocks;  // of raw samples that come fast

  // Written by the sampling side.
  std::atomic<uint32_t> samples{0};
  std::atomic<uint32_t> frames{0};
  std::atomic<uint32_t> missed{0};   // samples that were due and never taken
  std::atomic<uint32_t> dropped{0};  // events, and blocks
  std::atomic<State> state{State::kWarmup};
  std::atomic<uint32_t> engine_failures{0};  // frames that the engine could not judge
  std::atomic<uint32_t> requests_done{0};
  std::atomic<float> noise{0.0f};  // of the first value, as believed
  LatencyHistory latencies;        // of the judgement of a frame

  std::atomic<bool> fitted{false};  // what is in use was fitted here

  std::atomic<uint32_t> days_learnt{0};
  std::atomic<float> slow{0.0f};  // how near the nearest slow limit is, and whose it is
  std::atomic<SlowCause> slow_nearest{SlowCause::kNone};

  // Each is written by the sampling side while it does not wait, and read by the console side,
  // which then says so, while it does.
  LearntReport report = {};
  std::atomic<bool> report_waits{false};
  std::atomic<bool> block_waits{false};  // the LearntBlock, to be kept

  // Written by the console side.
  uint32_t requests_sent = 0;
  std::atomic<bool> shows_channels{false};  // readings show them all
  std::atomic<bool> raw{false};             // every sample is wanted, not only the frames

 private:
  int value_count_;
};

}  // namespace anomaly
