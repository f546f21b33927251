// What a board and its server say to each other: which message is due, what became of those that
// are on their way, and what comes back. Console thread.
#pragma once

#include "EventEdges.h"
#include "EventRing.h"
#include "FrameFigures.h"
#include "FrameWindow.h"
#include "JsonWriter.h"
#include "LinkConfig.h"
#include "LinkQueue.h"
#include "Platform.h"
#include "RemoteConsole.h"
#include "Topics.h"
#include "Transport.h"

namespace anomaly {

class LinkSession {
 public:
  static constexpr uint32_t kMostOnTheWay = 16;  // events
  static constexpr int64_t kResendMs = 10'000;   // without progress; then twice as long
  static constexpr int64_t kStateMs = 10'000;

  // All must outlive it.
  LinkSession(const LinkConfig& config, const Platform& platform, EventRing& ring, LinkQueue& queue,
              Transport& transport, RemoteConsole& console);

  // Before anything is sampled.
  void Begin();
  // Nothing will be judged, and this is why.
  void Fail(const char* failure) { failure_ = failure; }

  // As often as there is time; `missed` and `dropped` are reported. True: more waits.
  bool Poll(uint32_t missed, uint32_t dropped);

  // Takes what the transport has received; nullptr, or what is wrong with it.
  const char* Receive();

  // A person has changed something, and this is the threshold now.
  void Changed(Setting setting, float threshold);

  // Forgets everything that is kept on this board, then starts it anew.
  void FactoryReset() { resets_ = true; }

 private:
  int64_t now() const { return platform_.clock.NowMicros() / 1000; }
  int64_t UnixAt(int64_t ms) const;
  const char* Take(const LinkMessage& message);
  const char* TakeAck(const LinkMessage& message);
  void TakeFrames();
  void TakeFrame(const LinkFrame& frame);
  void HurryState();
  void Keep(EventKind kind, const LinkFrame& frame);
  void Connected();
  void KeepTime();
  void CheckProgress();

  bool SendNext(uint32_t missed, uint32_t dropped);
  bool Send(Topic topic, int qos, bool retain);
  bool SendInfo();
  bool SendDiscovery();
  bool SendState(uint32_t missed, uint32_t dropped);
  bool SendEvent();
  bool SendWindow();
  bool SendAnswer();
  void Reset();

  const LinkConfig& config_;
  const Platform platform_;
  EventRing& ring_;
  LinkQueue& queue_;
  Transport& transport_;
  RemoteConsole& console_;
  Topics topics_;
  JsonWriter json_;
  EventEdges edges_;
  FrameFigures figures_;
  FrameWindow window_;
  LinkFrame last_ = {};
  bool has_last_ = false;
  const char* failure_ = nullptr;
  int64_t start_ms_ = 0;
  uint32_t connections_ = 0;
  bool info_due_ = false;
  int64_t discovery_due_ms_ = -1;  // below 0: it is not
  int64_t state_due_ms_ = 0;
  int64_t state_sent_ms_ = 0;
  int64_t progress_ms_ = 0;
  int64_t patience_ms_ = kResendMs;
  // A server has acknowledged something since the connection was made. Without one each event is
  // sent once, as it comes, and only the oldest again: who knows it answers.
  bool has_server_ = false;
  bool oldest_due_ = false;
  EventKey acknowledged_;
  uint32_t random_ = 1;
  // Of a factory reset.
  bool resets_ = false;
  bool forgotten_ = false;  // by Home Assistant
  bool wiped_ = false;
  int64_t reset_ends_ms_ = -1;
  bool rebooting_ = false;
};

}  // namespace anomaly
