#include "LinkSession.h"

#include <cstring>

#include "Crc.h"
#include "JsonReader.h"
#include "Messages.h"

namespace anomaly {
namespace {

constexpr int kMostMessages = 2;  // sent in one Poll(): on a serial line each takes its time
constexpr int kMostFrames = 64;
constexpr int64_t kMostPatienceMs = 300'000;
constexpr int64_t kShortestMs = 1000;  // from one state to the next
constexpr uint32_t kMostJitterMs = 30'000;
constexpr int64_t kFarewellMs = 1000;  // for what is sent before a reboot

const char kUnknownAck[] = "ack is newer than the newest event";
const char kNoAck[] = "an ack wants boot and seq";
const char kForeignTopic[] = "this board does not listen to that topic";

}  // namespace

LinkSession::LinkSession(const LinkConfig& config, const Platform& platform, EventRing& ring,
                         LinkQueue& queue, Transport& transport, RemoteConsole& console)
    : config_(config),
      platform_(platform),
      ring_(ring),
      queue_(queue),
      transport_(transport),
      console_(console),
      topics_(config.id) {}

void LinkSession::Begin() {
  start_ms_ = now();
  connections_ = transport_.connections() - 1;
  ring_.Begin(config_.least_boot);
  ring_.Skip();
  random_ = Crc32(config_.id, kIdDigits) ^ ring_.boot() * 2654435761u;
  LinkFrame nothing = {};
  nothing.micros = start_ms_ * 1000;
  nothing.score = nothing.threshold = nothing.value = nothing.expected = NAN;
  Keep(EventKind::kBoot, nothing);
}

// ---- what happened

int64_t LinkSession::UnixAt(int64_t ms) const {
  const int64_t unix_ms = transport_.UnixMillis();
  return unix_ms == 0 ? 0 : unix_ms - (now() - ms);
}

void LinkSession::Keep(EventKind kind, const LinkFrame& frame) {
  EventRecord record = {};
  record.kind = kind;
  record.unix_ms = UnixAt(frame.micros / 1000);
  record.up_ms = frame.micros / 1000 - start_ms_;
  if (kind != EventKind::kEnd && kind != EventKind::kFaultEnd) {
    record.cause_kind = frame.cause_kind;
    record.cause = frame.cause;
    record.cause_value = frame.cause_value;
  }
  record.radio = frame.radio ? 1 : 0;
  for (size_t i = 0; i < kModelDigits; ++i) {
    const char c = config_.model[i];
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    record.model[i / 2] = static_cast<uint8_t>(record.model[i / 2] << 4 | digit);
  }
  record.score = frame.score;
  record.threshold = frame.threshold;
  record.value = frame.value;
  record.expected = frame.expected;
  if (!ring_.Append(&record) || kind != EventKind::kStart) return;
  window_.Begin({record.boot, record.seq});
}

void LinkSession::TakeFrame(const LinkFrame& frame) {
  if (frame.state != last_.state || frame.fault != last_.fault) HurryState();
  last_ = frame;
  has_last_ = true;
  figures_.Add(frame);
  window_.Add(frame);
  EventKind kinds[EventEdges::kMost];
  const int count = edges_.Take(frame, kinds);
  for (int i = 0; i < count; ++i) Keep(kinds[i], frame);
}

// What has changed is worth a report of its own.
void LinkSession::HurryState() {
  const int64_t soon = state_sent_ms_ + kShortestMs;
  if (soon < state_due_ms_) state_due_ms_ = soon;
}

void LinkSession::TakeFrames() {
  for (int i = 0; i < kMostFrames; ++i) {
    const LinkFrame* const frame = queue_.Front();
    if (frame == nullptr) return;
    if (!resets_) TakeFrame(*frame);
    queue_.Pop();
  }
}

void LinkSession::Changed(Setting setting, float threshold) {
  LinkFrame frame = {};
  frame.micros = platform_.clock.NowMicros();
  frame.score = frame.value = frame.expected = NAN;
  frame.threshold = threshold;
  frame.cause_kind = CauseKind::kSetting;
  frame.cause = static_cast<uint8_t>(setting);
  if (!resets_) Keep(EventKind::kSettings, frame);
  last_.threshold = threshold;
  HurryState();
}

// ---- what comes

const char* LinkSession::Receive() {
  if (transport_.connected() && connections_ != transport_.connections()) Connected();
  LinkMessage message;
  const char* error = nullptr;
  for (int i = 0; i < kMostMessages && transport_.Receive(&message); ++i) error = Take(message);
  return error;
}

const char* LinkSession::Take(const LinkMessage& message) {
  switch (topics_.Find(message.topic, message.topic_size)) {
    case Topic::kAck:
      return TakeAck(message);
    case Topic::kCommand:
      return console_.Take(message.payload, message.payload_size, transport_.UnixMillis(), now());
    case Topic::kBirth:
      if (message.payload_size != 6 || std::memcmp(message.payload, "online", 6) != 0)
        return nullptr;
      random_ = random_ * 1664525u + 1013904223u;
      discovery_due_ms_ = now() + (random_ >> 8) % kMostJitterMs;
      state_due_ms_ = discovery_due_ms_ < state_due_ms_ ? discovery_due_ms_ : state_due_ms_;
      return nullptr;
    default:
      return kForeignTopic;
  }
}

const char* LinkSession::TakeAck(const LinkMessage& message) {
  JsonField fields[] = {{"boot"}, {"seq"}};
  if (!ReadJson(message.payload, message.payload_size, fields, 2)) return kNoAck;
  EventKey key;
  for (const JsonField& field : fields) {
    if (!field.found || field.number < 0 || field.number > UINT32_MAX) return kNoAck;
  }
  key.boot = static_cast<uint32_t>(fields[0].number);
  key.seq = static_cast<uint32_t>(fields[1].number);
  const EventRing::Acknowledged result = ring_.Acknowledge(key);
  if (result == EventRing::Acknowledged::kUnknown) {
    if (!ring_.CountOnFrom(key.boot)) return kUnknownAck;
    info_due_ = true;
  }
  if (result == EventRing::Acknowledged::kMoved) {
    acknowledged_ = key;
    progress_ms_ = now();
    patience_ms_ = kResendMs;
    window_.Acknowledge(key);
  }
  if (!has_server_) ring_.Rewind();
  has_server_ = true;
  oldest_due_ = false;
  return nullptr;
}

// ---- what goes out

void LinkSession::Connected() {
  connections_ = transport_.connections();
  info_due_ = true;
  discovery_due_ms_ = state_due_ms_ = progress_ms_ = now();
  has_server_ = false;
  patience_ms_ = kResendMs;
  oldest_due_ = ring_.on_the_way() > 0;
  window_.Resend();
}

void LinkSession::KeepTime() {
  const int64_t unix_at_start = UnixAt(start_ms_);
  if (unix_at_start != 0) ring_.SetClock(unix_at_start);
}

void LinkSession::CheckProgress() {
  if (ring_.on_the_way() == 0) {
    progress_ms_ = now();
  } else if (now() - progress_ms_ >= patience_ms_) {
    progress_ms_ = now();
    patience_ms_ = patience_ms_ < kMostPatienceMs / 2 ? 2 * patience_ms_ : kMostPatienceMs;
    if (has_server_) {
      ring_.Rewind();
      window_.Resend();
    } else {
      oldest_due_ = true;
    }
  }
}

bool LinkSession::Poll(uint32_t missed, uint32_t dropped) {
  TakeFrames();
  (void)Receive();
  console_.Poll(now());
  if (resets_) {
    Reset();
    return false;
  }
  KeepTime();
  if (!transport_.connected()) {
    ring_.Prepare();
    return false;
  }
  CheckProgress();
  for (int i = 0; i < kMostMessages; ++i) {
    if (SendNext(missed, dropped)) continue;
    ring_.Prepare();
    return false;
  }
  return true;
}

bool LinkSession::SendNext(uint32_t missed, uint32_t dropped) {
  return SendAnswer() || SendInfo() || SendDiscovery() || SendState(missed, dropped) ||
         SendEvent() || SendWindow();
}

bool LinkSession::Send(Topic topic, int qos, bool retain) {
  return json_.whole() &&
         transport_.Publish(topics_.Of(topic), json_.text(), json_.size(), qos, retain);
}

bool LinkSession::SendAnswer() {
  if (!console_.HasAnswer(now())) return false;
  WriteAnswer(json_, console_.id(), console_.answer());
  if (!Send(Topic::kAnswer, 1, false)) return false;
  console_.AnswerSent(now());
  return true;
}

bool LinkSession::SendInfo() {
  if (!info_due_) return false;
  WriteInfo(json_, config_, {ring_.boot(), platform_.system.ResetReason(), transport_.address()});
  if (!Send(Topic::kInfo, 1, true)) return false;
  info_due_ = false;
  return true;
}

bool LinkSession::SendDiscovery() {
  if (discovery_due_ms_ < 0 || now() < discovery_due_ms_) return false;
  WriteDiscovery(json_, config_);
  if (!Send(Topic::kDiscovery, 1, true)) return false;
  discovery_due_ms_ = -1;
  return true;
}

bool LinkSession::SendState(uint32_t missed, uint32_t dropped) {
  if (now() < state_due_ms_) return false;
  int64_t heap_min = -1;
  SystemFigure figures[System::kMaxFigures];
  const int count = platform_.system.Figures(figures);
  for (int i = 0; i < count; ++i) {
    if (std::strcmp(figures[i].name, "heap_min") == 0) heap_min = figures[i].number;
  }
  const int64_t time = now();
  WriteState(json_, config_,
             {ring_.boot(), time - start_ms_, UnixAt(time), has_last_ ? &last_ : nullptr, &figures_,
              failure_, transport_.rssi(), heap_min, ring_.queue(), ring_.lost(), missed, dropped});
  if (!Send(Topic::kState, 0, false)) return false;
  figures_ = {};
  state_sent_ms_ = time;
  state_due_ms_ = time + kStateMs;
  return true;
}

bool LinkSession::SendEvent() {
  EventRecord record;
  EventKey before;
  const bool again = oldest_due_ && ring_.on_the_way() > 0 && ring_.Oldest(&record);
  if (!again) {
    if (has_server_ && ring_.on_the_way() >= kMostOnTheWay) return false;
    if (!ring_.Next(&record, &before)) return false;
  }
  TimeStamp time = {record.unix_ms, false};
  const int64_t clock = ring_.ClockOf(record.boot);
  if (time.unix_ms == 0 && clock != 0) time = {clock + record.up_ms, true};
  WriteEvent(json_, config_, record, before, time);
  if (!Send(Topic::kEvent, 1, false)) return false;
  again ? static_cast<void>(oldest_due_ = false) : ring_.Sent();
  return true;
}

bool LinkSession::SendWindow() {
  if (!window_.ready()) return false;
  const int frames = WriteWindow(json_, config_, window_);
  if (!Send(Topic::kEvent, 1, false)) return false;
  window_.Sent(frames, acknowledged_);
  return true;
}

// ---- factory reset

void LinkSession::Reset() {
  const int64_t time = now();
  if (reset_ends_ms_ < 0) reset_ends_ms_ = time + kFarewellMs;
  if (!forgotten_ && transport_.connected()) {
    forgotten_ = transport_.Publish(topics_.Of(Topic::kDiscovery), "", 0, 1, true);
  }
  if (!wiped_) wiped_ = ring_.Wipe();
  if (!wiped_ || time < reset_ends_ms_) return;
  (void)platform_.settings.Erase();
  if (platform_.learnt != nullptr) (void)platform_.learnt->Erase();
  platform_.system.ForgetCredentials();
  if (!rebooting_) platform_.system.Reboot();
  rebooting_ = true;
}

}  // namespace anomaly
