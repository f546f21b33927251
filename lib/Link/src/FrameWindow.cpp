#include "FrameWindow.h"

namespace anomaly {

void FrameWindow::Add(const LinkFrame& frame) {
  const WindowFrame added = {frame.value, frame.expected, frame.score};
  history_[next_] = added;
  next_ = (next_ + 1) % kHistory;
  if (filled_ < kHistory) ++filled_;
  if (wanted_ == 0) return;
  kept_[count_++] = added;
  if (--wanted_ == 0) due_ = count_;
}

void FrameWindow::Begin(EventKey start) {
  if (count_ > 0) return;
  start_ = start;
  count_ = due_ = filled_;
  first_ = 1 - count_;
  sent_ = 0;
  again_ = false;
  wanted_ = kFrames - kHistory;
  for (int i = 0; i < count_; ++i) {
    kept_[i] = history_[(next_ + kHistory - count_ + i) % kHistory];
  }
}

void FrameWindow::Sent(int frames, EventKey acknowledged) {
  sent_ += frames;
  if (wanted_ > 0 || sent_ < count_) return;
  again_ ? Forget() : Acknowledge(acknowledged);
}

void FrameWindow::Resend() {
  if (sent_ == 0) return;
  if (again_) return Forget();
  again_ = true;
  sent_ = 0;
}

void FrameWindow::Acknowledge(EventKey acknowledged) {
  if (count_ > 0 && wanted_ == 0 && sent_ == count_ && !(acknowledged < start_)) Forget();
}

}  // namespace anomaly
