#include "Messages.h"

namespace anomaly {

namespace {

constexpr int kVersion = 1;
constexpr size_t kLongestAnswer = 512;
constexpr size_t kLongestCause = 64;

JsonWriter& Begin(JsonWriter& json) { return json.Begin().Integer("v", kVersion); }

// The threshold, or null where there is no score.
void AddThreshold(JsonWriter& json, float threshold) {
  json.Number("thr", threshold < kNoThreshold ? threshold : NAN);
}

void AddTime(JsonWriter& json, TimeStamp time) {
  if (time.unix_ms == 0) {
    json.Null("t").Text("tq", "none");
  } else {
    json.Integer("t", time.unix_ms).Text("tq", time.reckoned ? "est" : "ntp");
  }
}

// "drift of pressure" and so on.
void AddCause(JsonWriter& json, const char* key, CauseText cause) {
  char text[kLongestCause + 1];
  size_t size = 0;
  for (const char* part :
       {cause.what, cause.channel == nullptr ? nullptr : " of ", cause.channel}) {
    for (; part != nullptr && *part != '\0' && size < kLongestCause; ++part) text[size++] = *part;
  }
  json.Text(key, text, size);
}

// A cause that names something of another model has lost its name.
void AddCause(JsonWriter& json, const LinkConfig& config, CauseKind kind, int cause, int value,
              bool own_model) {
  const CauseNames& names = config.causes;
  switch (kind) {
    case CauseKind::kFeature:
      if (!own_model || cause >= names.features.count) break;
      return AddCause(json, "cause", names.OfFeature(cause));
    case CauseKind::kSlow:
      if (!own_model || value >= config.values()) break;
      return AddCause(json, "cause", names.OfSlow(static_cast<SlowCause>(cause), value));
    case CauseKind::kFault:
      return AddCause(json, "cause", CauseText(FaultText(static_cast<Fault>(cause))));
    case CauseKind::kSetting:
      return AddCause(json, "cause", CauseText(SettingText(static_cast<Setting>(cause))));
    case CauseKind::kNone:
      break;
  }
  json.Null("cause");
}

const char* KindText(EventKind kind) {
  switch (kind) {
    case EventKind::kBoot:
      return "boot";
    case EventKind::kStart:
      return "start";
    case EventKind::kEnd:
      return "end";
    case EventKind::kFault:
      return "fault";
    case EventKind::kFaultEnd:
      return "fault_end";
    default:
      return "settings";
  }
}

void AddNames(JsonWriter& json, const LinkConfig& config, int count) {
  json.Open("names", '[');
  for (int i = 0; i < count; ++i) json.Text(nullptr, config.causes.values[i]);
  json.Close(']').Open("units", '[');
  for (int i = 0; i < count; ++i) json.Text(nullptr, config.units[i]);
  json.Close(']');
  if (count < config.values()) json.Integer("more", config.values() - count);
}

void AddSeries(JsonWriter& json, const char* key, const WindowFrame* frames, int count,
               float WindowFrame::* member) {
  json.Open(key, '[');
  for (int i = 0; i < count; ++i) json.Number(nullptr, frames[i].*member);
  json.Close(']');
}

}  // namespace

void WriteInfo(JsonWriter& json, const LinkConfig& config, const InfoMessage& info) {
  int count = config.values();
  do {
    Begin(json).Text("fw", config.firmware).Text("profile", config.profile);
    json.Text("model", config.model, kModelDigits).Integer("boot", info.boot);
    json.Text("reset", info.reset).Integer("period_us", config.period_us);
    AddNames(json, config, count);
    json.Text("ip", info.address).End();
  } while (!json.whole() && --count > 0);
}

void WriteState(JsonWriter& json, const LinkConfig& config, const StateMessage& state) {
  static constexpr LinkFrame kNone = {
      0, NAN, NAN, NAN, NAN, State::kWarmup, Fault::kNone, CauseKind::kNone, 0, 0, false};
  const LinkFrame& last = state.last == nullptr ? kNone : *state.last;
  const bool fails = state.failure != nullptr;
  Begin(json).Integer("boot", state.boot).Integer("up", state.up_ms);
  AddTime(json, {state.unix_ms, false});
  json.Text("state", StateText(fails ? State::kFault : last.state));
  json.Number("score", last.score).Number("score_max", state.since->score_max);
  AddThreshold(json, last.threshold);
  json.Number("value", last.value).Number("expected", last.expected);
  json.Number("min", state.since->min).Number("max", state.since->max);
  json.Number("mean", state.since->mean).Integer("n", state.since->count);
  const bool anomaly = last.state == State::kAnomaly && !fails;
  AddCause(json, config, anomaly ? last.cause_kind : CauseKind::kNone, last.cause, last.cause_value,
           true);
  if (fails) {
    AddCause(json, "fault", CauseText(state.failure));
  } else {
    json.Text("fault", last.fault == Fault::kNone ? nullptr : FaultText(last.fault));
  }
  state.rssi == 0 ? json.Null("rssi") : json.Integer("rssi", state.rssi);
  state.heap_min < 0 ? json.Null("heap_min") : json.Integer("heap_min", state.heap_min);
  json.Integer("queue", state.queue).Integer("lost", state.lost);
  json.Integer("missed", state.missed).Integer("dropped", state.dropped).End();
}

void WriteEvent(JsonWriter& json, const LinkConfig& config, const EventRecord& record,
                EventKey before, TimeStamp time) {
  char model[kModelDigits];
  for (size_t i = 0; i < kModelDigits; ++i) {
    model[i] = "0123456789abcdef"[record.model[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
  }
  const bool own_model = std::memcmp(model, config.model, kModelDigits) == 0;
  Begin(json).Integer("boot", record.boot).Integer("seq", record.seq);
  if (before.boot == 0) {
    json.Null("prev");
  } else {
    json.Open("prev", '[').Integer(nullptr, before.boot).Integer(nullptr, before.seq).Close(']');
  }
  AddTime(json, time);
  json.Integer("up", record.up_ms).Text("k", KindText(record.kind));
  AddCause(json, config, record.cause_kind, record.cause, record.cause_value, own_model);
  json.Number("score", record.score);
  AddThreshold(json, record.threshold);
  json.Number("value", record.value).Number("recon", record.expected);
  json.Text("model", model, kModelDigits).Integer("radio", record.radio != 0 ? 1 : 0).End();
}

int WriteWindow(JsonWriter& json, const LinkConfig& config, const FrameWindow& window) {
  const WindowFrame* const frames = window.piece();
  int count = window.piece_count();
  for (;; count = (count + 1) / 2) {
    Begin(json).Text("k", "window").Integer("boot", window.start().boot);
    json.Integer("seq", window.start().seq).Integer("at", window.piece_index());
    json.Integer("dt", config.period_us);
    AddSeries(json, "values", frames, count, &WindowFrame::value);
    AddSeries(json, "recon", frames, count, &WindowFrame::expected);
    AddSeries(json, "scores", frames, count, &WindowFrame::score);
    json.End();
    if (json.whole() || count == 1) return count;
  }
}

void WriteAnswer(JsonWriter& json, const char* id, const char* text) {
  size_t size = std::strlen(text);
  while (size > 0 && (text[size - 1] == '\r' || text[size - 1] == '\n')) --size;
  if (size > kLongestAnswer) size = kLongestAnswer;
  Begin(json).Text("id", id).Bool("ok", std::strncmp(text, "ERR", 3) != 0);
  json.Text("text", text, size).End();
}

}  // namespace anomaly
