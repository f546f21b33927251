// What a board says to its server, and what it does with what comes back: judged by the messages
// that reach the transport.
#include <unity.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../../simulated_flash.h"
#include "../../suite_main.h"
#include "../../test_board.h"
#include "Backoff.h"
#include "Crc.h"
#include "JsonReader.h"
#include "Link.h"

using namespace anomaly;

namespace {

const char kId[] = "0200000000aa";
const char kTheModel[] = "0123456789abcdef";
const char* const kNames[] = {"temperature"};
const char* const kUnits[] = {"C"};
const FeatureSpec kSpecs[] = {{FeatureKind{}, 0, 0.0f, 0.0f, 0.0f}};
const float kSigma[] = {1.0f};
const FeatureConfig kFeatures = {1, 1, kSpecs, kSigma};
const LinkConfig kConfig = {.id = kId,
                            .firmware = "1.0.0",
                            .profile = "test",
                            .model = kTheModel,
                            .units = kUnits,
                            .causes = {kFeatures, kNames, nullptr},
                            .period_us = 500000,
                            .allows_reboot = true};
constexpr int64_t kNow = 1'700'000'000'000;

class Board final : public TestBoard {
 public:
  Sample ReadSensor() override { return {}; }
  void Set(bool) override {}
  uint32_t Stopwatch() override { return 0; }
  int64_t NowMicros() const override { return micros; }
  void Write(const char* text, size_t size) override { output.append(text, size); }
  int ReadByte() override { return -1; }
  void Reboot() override { ++reboots; }
  const char* ResetReason() const override { return "power-on"; }
  void ForgetCredentials() override { forgot = true; }

  int64_t micros = 0;
  std::string output;
  int reboots = 0;
  bool forgot = false;
};

struct Message {
  std::string topic;
  std::string payload;
  int qos;
  bool retain;
};

class TestTransport final : public Transport {
 public:
  bool connected() const override { return is_connected; }
  uint32_t connections() const override { return count; }
  const char* StateText() const override { return "online"; }
  int64_t UnixMillis() const override { return unix_start == 0 ? 0 : unix_start + *micros / 1000; }
  bool Publish(const char* topic, const char* payload, size_t size, int qos, bool retain) override {
    if (room == 0) return false;
    --room;
    messages.push_back({topic, {payload, size}, qos, retain});
    return true;
  }
  bool Receive(LinkMessage* message) override {
    if (waiting.empty()) return false;
    taken = waiting.front();
    waiting.erase(waiting.begin());
    *message = {taken.topic.data(), taken.topic.size(), taken.payload.data(), taken.payload.size()};
    return true;
  }
  void Connect() {
    is_connected = true;
    ++count;
  }

  bool is_connected = false;
  uint32_t count = 0;
  int64_t unix_start = kNow;
  const int64_t* micros = nullptr;
  int room = INT32_MAX;
  std::vector<Message> messages;
  std::vector<Message> waiting;
  Message taken;
};

// A board with its link, and a console that notes what it is to carry out.
class World final : public CommandRunner {
 public:
  explicit World(SimulatedFlash& own_flash, const LinkConfig& config = kConfig)
      : flash(own_flash), link(config, board.platform(), flash, &transport) {
    transport.micros = &board.micros;
    link.SetConsole(this, &line);
    link.session().Begin();
  }

  void Run(const char* command) override {
    ran.emplace_back(command);
    if (!answer.empty()) link.console().Write(answer.data(), answer.size());
  }

  void Poll() {
    while (link.session().Poll(3, 4)) {
    }
  }
  void Wait(double seconds) {
    for (double left = seconds; left > 0.0; left -= 0.5) {
      board.micros += 500000;
      Poll();
    }
  }
  void Frame(State state, float value = 25.0f, float score = 0.5f, Fault fault = Fault::kNone) {
    board.micros += 500000;
    FrameVerdict verdict = {};
    verdict.state = state;
    verdict.score = score;
    verdict.threshold = 1.0f;
    verdict.reconstruction = 24.5f;
    verdict.micros = board.micros;
    link.queue().Take({verdict, fault, &value, nullptr});
    Poll();
  }
  void Say(const char* topic, const std::string& payload) {
    transport.waiting.push_back({topic, payload, 1, false});
    Poll();
  }
  void Ack(uint32_t boot, uint32_t seq) {
    Say("anomaly/v1/0200000000aa/ack",
        "{\"boot\":" + std::to_string(boot) + ",\"seq\":" + std::to_string(seq) + "}");
  }
  void Command(const char* id, const char* command, int64_t expires = 2 * kNow) {
    Say("anomaly/v1/0200000000aa/cmd", std::string("{\"id\":\"") + id + "\",\"cmd\":\"" + command +
                                           "\",\"exp\":" + std::to_string(expires) + "}");
  }
  // The messages since the last call whose topic ends so, as payloads, one a line.
  std::string Sent(const char* end) {
    std::string found;
    for (const Message& message : transport.messages) {
      const size_t size = std::strlen(end);
      if (message.topic.size() < size) continue;
      if (message.topic.compare(message.topic.size() - size, size, end) != 0) continue;
      found += message.payload + "\n";
    }
    transport.messages.clear();
    return found;
  }
  static int Count(const std::string& text, const char* what) {
    int count = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
      ++count;
    }
    return count;
  }

  Board board;
  TestTransport transport;
  SimulatedFlash& flash;
  Link link;
  LineBuffer line;
  std::vector<std::string> ran;
  std::string answer = "OK done\r\n";
};

#define ASSERT_HAS(text, what) TEST_ASSERT_TRUE((text).find(what) != std::string::npos)
#define ASSERT_HAS_NOT(text, what) TEST_ASSERT_TRUE((text).find(what) == std::string::npos)

}  // namespace

void setUp() {}
void tearDown() {}

static void AConnectionBeginsWithWhatTheBoardIs() {
  SimulatedFlash flash(4);
  World world(flash);
  world.Wait(3);
  TEST_ASSERT_EQUAL_INT(0, world.transport.messages.size());
  world.transport.Connect();
  world.Poll();
  const std::vector<Message>& sent = world.transport.messages;
  TEST_ASSERT_EQUAL_INT(4, sent.size());
  const char* const topics[] = {"anomaly/v1/0200000000aa/info",
                                "homeassistant/device/0200000000aa/config",
                                "anomaly/v1/0200000000aa/state", "anomaly/v1/0200000000aa/event"};
  for (size_t i = 0; i < 4; ++i) {
    TEST_ASSERT_EQUAL_STRING(topics[i], sent[i].topic.c_str());
    TEST_ASSERT_EQUAL_INT(i == 2 ? 0 : 1, sent[i].qos);
    TEST_ASSERT_TRUE(sent[i].retain == (i < 2));
    TEST_ASSERT_TRUE(ReadJson(sent[i].payload.data(), sent[i].payload.size(), nullptr, 0));
  }
  TEST_ASSERT_EQUAL_STRING(
      "{\"v\":1,\"fw\":\"1.0.0\",\"profile\":\"test\",\"model\":\"0123456789ab\",\"boot\":1,"
      "\"reset\":\"power-on\",\"period_us\":500000,\"names\":[\"temperature\"],\"units\":[\"C\"],"
      "\"ip\":null}",
      sent[0].payload.c_str());
  TEST_ASSERT_EQUAL_STRING(
      "{\"v\":1,\"boot\":1,\"seq\":1,\"prev\":null,\"t\":1700000000000,\"tq\":\"ntp\",\"up\":0,"
      "\"k\":\"boot\",\"cause\":null,\"score\":null,\"thr\":null,\"value\":null,\"recon\":null,"
      "\"model\":\"0123456789ab\",\"radio\":0}",
      sent[3].payload.c_str());
}

static void AStateSumsUpTheFramesSinceTheLastOne() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.Frame(State::kNormal, 24.0f, 0.25f);
  world.Wait(1);  // the first one, and one for the change of state
  world.transport.messages.clear();
  for (int i = 0; i < 17; ++i) world.Frame(State::kNormal, i % 2 == 0 ? 24.0f : 26.0f, 0.25f);
  TEST_ASSERT_EQUAL_STRING("", world.Sent("/state").c_str());
  world.Frame(State::kNormal, 30.0f, 0.75f);
  TEST_ASSERT_EQUAL_STRING(
      "{\"v\":1,\"boot\":1,\"up\":10500,\"t\":1700000010500,\"tq\":\"ntp\",\"state\":\"NORMAL\","
      "\"score\":0.75,\"score_max\":0.75,\"thr\":1,\"value\":30,\"expected\":24.5,\"min\":24,"
      "\"max\":30,\"mean\":25.222,\"n\":18,\"cause\":null,\"fault\":null,\"rssi\":null,"
      "\"heap_min\":null,\"queue\":1,\"lost\":0,\"missed\":3,\"dropped\":4}\n",
      world.Sent("/state").c_str());
  world.Frame(State::kAnomaly, 50.0f, 7.0f);
  world.Frame(State::kAnomaly, 50.0f, 7.0f);
  world.Frame(State::kFault, NAN, NAN, Fault::kOutOfRange);
  world.Wait(1);
  const std::string hurried = world.Sent("/state");  // at most one a second
  TEST_ASSERT_EQUAL_INT(2, World::Count(hurried, "\"v\""));
  ASSERT_HAS(hurried, "\"state\":\"ANOMALY\"");
  ASSERT_HAS(hurried, "\"fault\":\"out of range\"");
  ASSERT_HAS(hurried, "\"value\":null,\"expected\":null");
}

static void AFaultThatComesAndGoesIsOne() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.Frame(State::kNormal);
  world.Frame(State::kAnomaly, 50.0f, 7.5f);
  for (int i = 0; i < 5; ++i) {
    world.Frame(State::kFault, NAN, NAN, Fault::kLowRail);
    world.Frame(State::kWarmup);
  }
  world.Frame(State::kNormal);
  const std::string events = world.Sent("/event");
  TEST_ASSERT_EQUAL_INT(5, World::Count(events, "\"prev\""));
  ASSERT_HAS(events, "\"seq\":2,\"prev\":[1,1]");
  ASSERT_HAS(events, "\"k\":\"start\",\"cause\":");
  ASSERT_HAS(events, "\"score\":7.5,\"thr\":1,\"value\":50,\"recon\":24.5");
  ASSERT_HAS(events, "\"k\":\"end\",\"cause\":null");
  ASSERT_HAS(events, "\"k\":\"fault\",\"cause\":\"at the low rail");
  ASSERT_HAS(events, "\"k\":\"fault_end\",\"cause\":null");
}

static void WithoutAServerEachEventIsSentOnce() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  for (int i = 0; i < 20; ++i) {
    world.Frame(State::kAnomaly);
    world.Frame(State::kNormal);
  }
  const std::string sent = world.Sent("/event");
  for (int seq = 2; seq <= 41; ++seq) {
    const std::string key = "\"seq\":" + std::to_string(seq) + ",\"prev\":[";
    TEST_ASSERT_EQUAL_INT(1, World::Count(sent, key.c_str()));
  }
  world.Wait(60);  // only the oldest comes again, after 10, 20, 40 seconds
  const std::string again = world.Sent("/event");
  TEST_ASSERT_EQUAL_INT(2, World::Count(again, "\"seq\":1,\"prev\":null"));
  TEST_ASSERT_EQUAL_INT(2, World::Count(again, "\"prev\""));
  world.transport.Connect();
  world.Poll();
  TEST_ASSERT_EQUAL_INT(1, World::Count(world.Sent("/event"), "\"prev\""));
}

static void AServerGetsThemAgainUntilItHasThem() {
  SimulatedFlash flash(4);
  World world(flash);
  for (int i = 0; i < 25; ++i) world.link.session().Changed(Setting::kThreshold, 2.0f);
  world.transport.Connect();
  world.Ack(0, 0);  // there is a server, and it has nothing
  world.Sent("");
  world.Wait(30);
  const std::string sent = world.Sent("/event");
  TEST_ASSERT_EQUAL_INT(2 * 16, World::Count(sent, "\"prev\""));  // after 10 and 20 more seconds
  world.Ack(1, 3);
  const std::string more = world.Sent("/event");
  TEST_ASSERT_EQUAL_INT(3, World::Count(more, "\"prev\""));
  ASSERT_HAS(more, "\"seq\":17,\"prev\":[1,16]");
  world.Ack(1, 99);  // nobody has that
  world.Ack(9, 1);
  world.Ack(1, 2);
  TEST_ASSERT_EQUAL_INT(0, World::Count(world.Sent("/event"), "\"prev\""));
  world.Wait(10);
  ASSERT_HAS(world.Sent("/event"), "\"seq\":4,\"prev\":null");
  world.Ack(1, 26);
  world.Wait(40);
  TEST_ASSERT_EQUAL_INT(0, World::Count(world.Sent("/event"), "\"prev\""));
  TEST_ASSERT_EQUAL_UINT32(0, world.link.ring().queue());
}

static void NothingIsLostWhereTheTransportHasNoRoom() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.Ack(0, 0);
  world.Sent("");
  world.transport.room = 0;
  for (int i = 0; i < 5; ++i) world.link.session().Changed(Setting::kThreshold, 2.0f);
  world.Wait(3);
  TEST_ASSERT_EQUAL_INT(0, world.transport.messages.size());
  world.transport.room = 2;
  world.Poll();
  world.transport.room = INT32_MAX;
  world.Poll();
  const std::string sent = world.Sent("/event");
  for (const char* seq : {"\"seq\":2,", "\"seq\":3,", "\"seq\":4,", "\"seq\":5,", "\"seq\":6,"}) {
    TEST_ASSERT_EQUAL_INT(1, World::Count(sent, seq));
  }
}

static void EventsOutliveAReboot() {
  SimulatedFlash flash(4);
  {
    World world(flash);
    world.transport.unix_start = 0;
    world.link.session().Changed(Setting::kLearn, 2.0f);
    world.Wait(5);
    world.transport.unix_start = kNow;  // the clock is set, and then the power fails
    world.Poll();
  }
  World world(flash);
  world.transport.unix_start = 0;
  world.link.session().Changed(Setting::kThreshold, 2.0f);
  world.transport.Connect();
  world.Ack(0, 0);
  const std::string sent = world.Sent("/event");
  ASSERT_HAS(sent,
             "\"boot\":1,\"seq\":2,\"prev\":[1,1],\"t\":1700000000000,\"tq\":\"est\",\"up\":0");
  ASSERT_HAS(sent, "\"boot\":2,\"seq\":2,\"prev\":[2,1],\"t\":null,\"tq\":\"none\"");
  ASSERT_HAS(sent, "\"k\":\"settings\",\"cause\":\"learn\"");
}

static void AnAnomalyHasAPicture() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  for (int i = 0; i < 200; ++i) world.Frame(State::kNormal, static_cast<float>(i));
  world.Sent("");
  world.Frame(State::kAnomaly, 200.0f);
  const std::string before = world.Sent("/event");
  TEST_ASSERT_EQUAL_INT(4, World::Count(before, "\"k\":\"window\",\"boot\":1,\"seq\":2,"));
  ASSERT_HAS(before, "\"at\":-120,\"dt\":500000,\"values\":[80,81,");
  ASSERT_HAS(before, "\"at\":0,\"dt\":500000,\"values\":[200],");
  for (int i = 0; i < 28; ++i) world.Frame(State::kAnomaly, static_cast<float>(201 + i));
  ASSERT_HAS_NOT(world.Sent("/event"), "window");
  world.Frame(State::kNormal, 229.0f);
  const std::string after = world.Sent("/event");
  TEST_ASSERT_EQUAL_INT(1, World::Count(after, "\"k\":\"window\",\"boot\":1,\"seq\":2,"));
  ASSERT_HAS(after, "\"at\":1,\"dt\":500000,\"values\":[201,202,");
  ASSERT_HAS(after, "228,229],");
  world.transport.Connect();
  world.Poll();
  TEST_ASSERT_EQUAL_INT(4, World::Count(world.Sent("/event"), "window"));
  world.transport.Connect();
  world.Poll();
  TEST_ASSERT_EQUAL_INT(0, World::Count(world.Sent("/event"), "window"));
}

static void LongNumbersMakePiecesShorter() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  for (int i = 0; i < 150; ++i) world.Frame(State::kNormal, -123456.7e11f, 1e17f);
  world.Frame(State::kAnomaly);
  for (int i = 0; i < 29; ++i) world.Frame(State::kAnomaly, NAN, INFINITY);
  int frames = 0;
  for (const Message& message : world.transport.messages) {
    TEST_ASSERT_TRUE(message.payload.size() <= 2000);
    TEST_ASSERT_TRUE(ReadJson(message.payload.data(), message.payload.size(), nullptr, 0));
    const size_t values = message.payload.find("\"values\":[");
    if (values == std::string::npos) continue;
    const size_t end = message.payload.find(']', values);
    frames += 1 + World::Count(message.payload.substr(values + 10, end - values - 10), ",");
  }
  TEST_ASSERT_EQUAL_INT(150, frames);
}

static void ACommandIsCarriedOutAndAnswered() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.Command("a \\u00e9", "threshold 0.8");
  TEST_ASSERT_EQUAL_INT(1, world.ran.size());
  TEST_ASSERT_EQUAL_STRING("threshold 0.8", world.ran[0].c_str());
  TEST_ASSERT_EQUAL_STRING("", world.board.output.c_str());
  TEST_ASSERT_EQUAL_STRING("{\"v\":1,\"id\":\"a \\u00e9\",\"ok\":true,\"text\":\"OK done\"}\n",
                           world.Sent("/res").c_str());
  world.Command("a \\u00e9", "threshold 0.8");  // it came twice
  TEST_ASSERT_EQUAL_INT(1, world.ran.size());
  for (int i = 0; i < 8; ++i) world.Command(std::to_string(i).c_str(), "help");
  world.Command("a \\u00e9", "threshold 0.9");  // that long ago
  TEST_ASSERT_EQUAL_INT(10, world.ran.size());
  world.Command("s", "status", kNow / 1000 + 30);  // in seconds
  TEST_ASSERT_EQUAL_INT(11, world.ran.size());
}

static void SomeCommandsAreRefused() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  int number = 0;
  for (const char* command : {"raw on", "baud 921600", "link off", "factory-reset", ""}) {
    world.Command(std::to_string(++number).c_str(), command);
    ASSERT_HAS(world.Sent("/res"), "\"ok\":false,\"text\":\"ERR this command works on the serial");
  }
  world.Command("old", "help", kNow - 1);
  ASSERT_HAS(world.Sent("/res"), "\"id\":\"old\",\"ok\":false,\"text\":\"ERR expired\"");
  world.transport.unix_start = 0;
  world.Command("none", "help");
  ASSERT_HAS(world.Sent("/res"), "\"ok\":false,\"text\":\"ERR the board does not know the time");
  const std::string too_long(81, 'x');
  world.Command("long", too_long.c_str());
  world.Command(too_long.c_str(), "help");
  world.Command("", "help");
  world.Say("anomaly/v1/0200000000aa/cmd", "{\"id\":\"x\",\"cmd\":\"help\"}");
  world.Say("anomaly/v1/0200000000aa/cmd", "help");
  world.Say("anomaly/v1/0200000000ab/cmd", "{\"id\":\"x\",\"cmd\":\"help\",\"exp\":1}");
  TEST_ASSERT_EQUAL_STRING("", world.Sent("/res").c_str());
  TEST_ASSERT_EQUAL_INT(0, world.ran.size());
}

static void AnAnswerMayComeLater() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.answer = "";
  world.Command("later", "selftest");
  world.Poll();
  world.link.console().Write("Real: 25.00\r\n", 13);
  TEST_ASSERT_EQUAL_STRING("", world.Sent("/res").c_str());
  world.Command("second", "help");  // there is room for one
  TEST_ASSERT_EQUAL_INT(1, world.ran.size());
  world.link.console().Write("OK SELFTEST OK\r\n", 16);
  world.link.console().Write("OK typed\r\n", 10);
  world.Poll();
  ASSERT_HAS(world.Sent("/res"), "\"id\":\"later\",\"ok\":true,\"text\":\"OK SELFTEST OK\"");
  TEST_ASSERT_EQUAL_STRING("Real: 25.00\r\nOK typed\r\n", world.board.output.c_str());
  world.Command("never", "selftest");
  world.Wait(5);
  ASSERT_HAS(world.Sent("/res"), "\"id\":\"never\",\"ok\":false,\"text\":\"ERR no answer\"");
}

static void ARebootWaitsForItsAnswer() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.Command("r", "reboot");
  ASSERT_HAS(world.Sent("/res"), "\"ok\":true,\"text\":\"OK rebooting\"");
  TEST_ASSERT_EQUAL_INT(0, world.ran.size());
  world.Wait(1);
  TEST_ASSERT_EQUAL_STRING("reboot", world.ran.at(0).c_str());
  LinkConfig config = kConfig;
  config.allows_reboot = false;
  SimulatedFlash other_flash(4);
  World other(other_flash, config);
  other.transport.Connect();
  other.Command("r", "reboot");
  ASSERT_HAS(other.Sent("/res"), "\"ok\":false");
}

static void HomeAssistantIsAnsweredWithinHalfAMinute() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.Poll();
  world.Sent("");
  world.Say("homeassistant/status", "offline");
  world.Wait(31);
  TEST_ASSERT_EQUAL_STRING("", world.Sent("/config").c_str());
  world.Say("homeassistant/status", "online");
  world.Wait(31);
  TEST_ASSERT_EQUAL_INT(1, World::Count(world.Sent("/config"), "\"cmps\""));
}

static void ADiscoveryFitsWhateverTheNamesAre() {
  static JsonWriter json;
  LinkConfig config = kConfig;
  for (const char* unit : {"", "C", "m/s2", "8 chars!"}) {
    for (const char* profile : {"a", "a profile with a name that is much longer than others"}) {
      for (const bool reboot : {false, true}) {
        const char* const units[] = {unit};
        config.units = units;
        config.profile = profile;
        config.allows_reboot = reboot;
        WriteDiscovery(json, config);
        TEST_ASSERT_TRUE(json.whole() && json.size() <= 2000);
        TEST_ASSERT_TRUE(ReadJson(json.text(), json.size(), nullptr, 0));
      }
    }
  }
}

static void AFactoryResetForgetsEverything() {
  SimulatedFlash flash(4);
  World world(flash);
  world.transport.Connect();
  world.Poll();
  TEST_ASSERT_TRUE(world.board.Save("abc", 3));
  world.Sent("");
  world.link.session().FactoryReset();
  world.Wait(10);
  TEST_ASSERT_EQUAL_INT(1, world.transport.messages.size());
  TEST_ASSERT_EQUAL_STRING("homeassistant/device/0200000000aa/config",
                           world.transport.messages[0].topic.c_str());
  TEST_ASSERT_EQUAL_STRING("", world.transport.messages[0].payload.c_str());
  TEST_ASSERT_TRUE(world.transport.messages[0].retain);
  TEST_ASSERT_EQUAL_UINT32(0, world.board.kept_size);
  TEST_ASSERT_TRUE(world.board.forgot);
  TEST_ASSERT_EQUAL_INT(1, world.board.reboots);
  World again(flash);
  TEST_ASSERT_EQUAL_UINT32(2, again.link.ring().boot());
  TEST_ASSERT_EQUAL_UINT32(1, again.link.ring().queue());
}

static void FramesThatFindNoRoomAreCounted() {
  SimulatedFlash flash(4);
  World world(flash);
  FrameVerdict verdict = {};
  const float value = 1.0f;
  for (int i = 0; i < 50; ++i) world.link.queue().Take({verdict, Fault::kNone, &value, nullptr});
  TEST_ASSERT_EQUAL_UINT32(50 - 32, world.link.queue().dropped());
}

// ---- the serial line

static void AGatewayHoldsTheSerialLine() {
  Board board;
  SimulatedFlash flash(4);
  Link link(kConfig, board.platform(), flash);
  LineBuffer line;
  link.SetConsole(nullptr, &line);
  link.session().Begin();
  const auto type = [&](const char* text) {
    link.Answer(text, line);
    const std::string answer(line.text(), line.size());
    line.Clear();
    return answer;
  };
  TEST_ASSERT_EQUAL_STRING("OK id=0200000000aa\r\n", type("id").c_str());
  for (const char* text : {"", "on", "on 5", "on 1700000000000x", "on 99999999999999", "x", "/",
                           "id 1", "offf", "anomaly/v1/0200000000aa/ack"}) {
    TEST_ASSERT_EQUAL_STRING("ERR ", type(text).substr(0, 4).c_str());
  }
  link.session().Poll(0, 0);
  TEST_ASSERT_EQUAL_STRING("", board.output.c_str());
  TEST_ASSERT_EQUAL_STRING("OK link=on id=0200000000aa lease=60\r\n",
                           type("on 1700000000000").c_str());
  TEST_ASSERT_EQUAL_STRING("online", link.transport().StateText());
  while (link.session().Poll(0, 0)) {
  }
  ASSERT_HAS(board.output, "LINK,anomaly/v1/0200000000aa/info,1,1,{\"v\":1,");
  const std::string first = board.output.substr(0, board.output.find("\r\n"));
  ASSERT_HAS(first, "\"ip\":null}*");
  LineBuffer check;
  check.AddHex16(Crc16(first.data(), first.size() - 5));
  TEST_ASSERT_EQUAL_STRING(check.text(), first.substr(first.size() - 4).c_str());
  TEST_ASSERT_EQUAL_UINT32(1, link.ring().queue());
  TEST_ASSERT_EQUAL_STRING("", type("anomaly/v1/0200000000aa/ack {\"boot\":1,\"seq\":1}").c_str());
  TEST_ASSERT_EQUAL_UINT32(0, link.ring().queue());
  TEST_ASSERT_EQUAL_STRING("ERR ", type("anomaly/v1/0200000000aa/ack {}").substr(0, 4).c_str());
  TEST_ASSERT_EQUAL_STRING("ERR ", type("another/topic {}").substr(0, 4).c_str());
  board.micros = 59'000'000;
  TEST_ASSERT_TRUE(link.transport().connected());
  board.micros = 60'000'000;
  TEST_ASSERT_FALSE(link.transport().connected());
  (void)type("on 1700000060000");
  TEST_ASSERT_EQUAL_UINT32(2, link.transport().connections());
  TEST_ASSERT_EQUAL_STRING("OK link=off\r\n", type("off").c_str());
  TEST_ASSERT_FALSE(link.transport().connected());
}

// ---- JSON

static void OnlyJsonIsRead() {
  const struct {
    const char* json;
    bool sound;
  } cases[] = {{"{}", true},
               {" { \"boot\" : 1 , \"x\":[1,2.5e-3,{\"y\":null}],\"z\":true}\t", true},
               {"{\"boot\":-7}", true},
               {"", false},
               {"{", false},
               {"[]", false},
               {"{\"boot\":1}x", false},
               {"{\"boot\":01}", false},
               {"{\"boot\":1.0}", false},
               {"{\"boot\":1e3}", false},
               {"{\"boot\":1,\"boot\":1}", false},
               {"{\"boot\":\"1\"}", false},
               {"{\"boot\":1234567890123456}", false},
               {"{\"boot\":}", false},
               {"{\"x\":1,}", false},
               {"{\"x\":nul}", false},
               {"{\"x\":\"\\q\"}", false},
               {"{\"x\":\"\\u12\"}", false},
               {"{\"x\":\"\\ud800\"}", false},
               {"{\"x\":\"\xff\"}", false},
               {"{\"x\":\"\xc0\x80\"}", false},
               {"{\"x\":\"\n\"}", false},
               {"{\"x\":[[[[[[[[[[1]]]]]]]]]]}", false},
               {"{\"id\":\"12345678\"}", false},
               {"{\"id\":\"\\u00e9\\ud83d\\ude00\"}", true},
               {"{\"id\":\"\\u0000\"}", false}};
  for (const auto& entry : cases) {
    char id[8] = {};
    JsonField fields[] = {{"boot"}, {"id", id, sizeof(id)}};
    TEST_ASSERT_TRUE_MESSAGE(
        ReadJson(entry.json, std::strlen(entry.json), fields, 2) == entry.sound, entry.json);
  }
}

static void NumbersAreShort() {
  const struct {
    float value;
    const char* text;
  } cases[] = {{25.1f, "25.1"},         {0.0f, "0"},
               {-0.5f, "-0.5"},         {1e-9f, "0"},
               {1234567.0f, "1234567"}, {1e12f, "999999995904"},
               {100.0f, "100"},         {0.000123f, "0.000123"}};
  for (const auto& entry : cases) {
    LineBuffer line;
    line.AddShort(entry.value, 7);
    TEST_ASSERT_EQUAL_STRING(entry.text, line.text());
  }
}

static void WaitsGrowUpToFiveMinutes() {
  Backoff backoff;
  for (const uint32_t most :
       {1000u, 2000u, 4000u, 8000u, 16000u, 32000u, 64000u, 128000u, 256000u, 300000u}) {
    TEST_ASSERT_UINT32_WITHIN(1, most, backoff.Next(0, UINT32_MAX));
  }
  TEST_ASSERT_EQUAL_UINT32(0, backoff.Next(59999, 0));
  TEST_ASSERT_UINT32_WITHIN(1, 300000, backoff.Next(59999, UINT32_MAX));
  TEST_ASSERT_UINT32_WITHIN(1, 1000, backoff.Next(60000, UINT32_MAX));
}

static void RunTests() {
  RUN_TEST(AConnectionBeginsWithWhatTheBoardIs);
  RUN_TEST(AStateSumsUpTheFramesSinceTheLastOne);
  RUN_TEST(AFaultThatComesAndGoesIsOne);
  RUN_TEST(WithoutAServerEachEventIsSentOnce);
  RUN_TEST(AServerGetsThemAgainUntilItHasThem);
  RUN_TEST(NothingIsLostWhereTheTransportHasNoRoom);
  RUN_TEST(EventsOutliveAReboot);
  RUN_TEST(AnAnomalyHasAPicture);
  RUN_TEST(LongNumbersMakePiecesShorter);
  RUN_TEST(ACommandIsCarriedOutAndAnswered);
  RUN_TEST(SomeCommandsAreRefused);
  RUN_TEST(AnAnswerMayComeLater);
  RUN_TEST(ARebootWaitsForItsAnswer);
  RUN_TEST(HomeAssistantIsAnsweredWithinHalfAMinute);
  RUN_TEST(ADiscoveryFitsWhateverTheNamesAre);
  RUN_TEST(AFactoryResetForgetsEverything);
  RUN_TEST(FramesThatFindNoRoomAreCounted);
  RUN_TEST(AGatewayHoldsTheSerialLine);
  RUN_TEST(OnlyJsonIsRead);
  RUN_TEST(NumbersAreShort);
  RUN_TEST(WaitsGrowUpToFiveMinutes);
}

SUITE_MAIN(RunTests)
