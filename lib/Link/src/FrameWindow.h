// The frames around the start of an anomaly, for its picture: 120 before it and itself, which are
// sent at once, and 29 after, which are sent when they are all there. One picture is kept, in RAM,
// until it is sent.
#pragma once

#include "EventRing.h"
#include "LinkQueue.h"

namespace anomaly {

struct WindowFrame {
  float value;
  float expected;
  float score;
};

class FrameWindow {
 public:
  static constexpr int kBefore = 120;
  static constexpr int kFrames = 150;
  static constexpr int kPiece = 40;  // frames of a message at most

  // Each frame, before what it begins.
  void Add(const LinkFrame& frame);
  // The last frame began this anomaly. Nothing where the picture of another one is still here.
  void Begin(EventKey start);

  bool ready() const { return sent_ < due_; }
  EventKey start() const { return start_; }
  // The next piece: its frames, how many, and the index of the first one where the start has 0.
  const WindowFrame* piece() const { return kept_ + sent_; }
  int piece_count() const { return due_ - sent_ < kPiece ? due_ - sent_ : kPiece; }
  int piece_index() const { return first_ + sent_; }
  void Sent(int frames, EventKey acknowledged);

  // What was sent may not have arrived: once more, but only once.
  void Resend();
  // Its event is safe: what was sent need not be sent again.
  void Acknowledge(EventKey acknowledged);

 private:
  static constexpr int kHistory = kBefore + 1;

  void Forget() { count_ = due_ = sent_ = wanted_ = 0; }

  WindowFrame history_[kHistory];
  WindowFrame kept_[kFrames];
  int next_ = 0;    // of the history
  int filled_ = 0;  // frames of it
  int wanted_ = 0;  // further frames of the picture; 0: it is whole
  EventKey start_;
  int count_ = 0;  // frames that are kept; 0: no picture
  int first_ = 0;  // index of the first one
  int due_ = 0;    // frames that may be sent
  int sent_ = 0;
  bool again_ = false;  // it was sent before
};

}  // namespace anomaly
