// The link: any bytes from the broker, any readings, any order of connections, losses of power and
// rooms in the transport. Input: first a text that is to survive JSON, then what happens.
#include "Link.h"

#include <cmath>
#include <optional>
#include <string>

#include "../simulated_flash.h"
#include "../test_board.h"
#include "JsonReader.h"
#include "fuzz.h"
#include "link_config.h"

using namespace anomaly;

namespace {

class FuzzBoard final : public TestBoard {
 public:
  Sample ReadSensor() override { return {}; }
  void Set(bool) override {}
  uint32_t Stopwatch() override { return 0; }
  int64_t NowMicros() const override { return micros; }
  void Write(const char* text, size_t size) override {
    Require(size >= 2 && size <= LineBuffer::kCapacity, "a write is a line");
    Require(text[size - 2] == '\r' && text[size - 1] == '\n', "a line has its end");
    for (size_t i = 0; i + 2 < size; ++i) {
      Require(text[i] >= ' ' && text[i] <= '~', "a line is printable ASCII");
    }
    if (std::strncmp(text, "LINK,", 5) == 0) CheckMessage(std::string(text, size - 2));
  }
  int ReadByte() override { return -1; }

  int64_t micros = 0;

 private:
  // LINK,<topic>,<qos>,<retain>,<payload>*<crc>
  static void CheckMessage(const std::string& line) {
    size_t at = 0;
    for (int i = 0; i < 4; ++i) at = line.find(',', at) + 1;
    const std::string payload = line.substr(at, line.size() - at - 5);
    Require(payload.size() <= 2000, "a payload has 2000 bytes at most");
    Require(payload.empty() || ReadJson(payload.data(), payload.size(), nullptr, 0),
            "a payload is JSON");
  }
};

class Echo final : public CommandRunner {
 public:
  explicit Echo(Link& link) : link_(link) {}
  void Run(const char* line) override {
    LineBuffer answer;
    answer.Add("OK ").Add(std::strlen(line) % 2 == 0 ? "even" : "odd").End();
    link_.console().Write(answer.text(), answer.size());
  }

 private:
  Link& link_;
};

const float kValues[] = {0.0f,   -0.0f, 25.0f,    1e-45f,    3e38f,
                         -3e38f, NAN,   INFINITY, -INFINITY, 1e18f};

void Frame(Input& input, Link& link, FuzzBoard& board, uint8_t what) {
  FrameVerdict verdict = {};
  verdict.state = static_cast<State>(what & 3);
  verdict.score = kValues[what % 10];
  verdict.threshold = kValues[what / 4 % 10];
  verdict.reconstruction = input.Take<float>();
  verdict.cause = static_cast<int8_t>(what % model_config::kFeatureCount);
  verdict.slow_cause = static_cast<SlowCause>(what % 5);
  verdict.micros = board.micros;
  const float values[kMaxValues] = {input.Take<float>()};
  link.queue().Take({verdict, static_cast<Fault>(what % 13), values, nullptr});
}

void Message(Input& input, Link& link, uint8_t what) {
  static const char* const kTopics[] = {"ack", "cmd", "status", "x"};
  char payload[65] = {};
  input.TakeBytes(payload, what & 63);
  std::string text = "anomaly/v1/020000000001/";
  text += kTopics[what >> 6];
  if (what >> 6 == 2) text = "homeassistant/status";
  LineBuffer line;
  // A line of the console has neither of these.
  for (char& c : payload) c = c == '\n' || c == '\r' ? ' ' : c;
  link.Answer((text + ' ' + payload).c_str(), line);
}

void Acknowledge(Input& input, Link& link) {
  const auto boot = input.Take<uint8_t>();
  const auto seq = input.Take<uint16_t>();
  LineBuffer line;
  line.Add("anomaly/v1/020000000001/ack {\"boot\":").AddInteger(boot).Add(",\"seq\":");
  line.AddInteger(seq).Add('}');
  LineBuffer answer;
  link.Answer(line.text(), answer);
}

void CheckText(Input& input) {
  char text[24] = {};
  input.TakeBytes(text, sizeof(text) - 1);
  static JsonWriter json;
  json.Begin().Text("key", text).End();
  char again[24];
  JsonField field = {"key", again, sizeof(again)};
  const bool read = ReadJson(json.text(), json.size(), &field, 1);
  bool ascii = true;
  for (const char c : text) ascii = ascii && static_cast<signed char>(c) >= 0;
  Require(!ascii || (read && std::strcmp(text, again) == 0), "what is written is read again");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  CheckText(input);
  FuzzBoard board;
  SimulatedFlash flash(3 + input.Take<uint8_t>() % 2);
  const LinkConfig config = LinkConfigOf(model_config::kConfig, "020000000001");
  uint32_t boot = 0;
  while (!input.empty()) {  // from start to start
    Link link(config, board.platform(), flash);
    Echo echo(link);
    LineBuffer buffer;
    link.SetConsole(&echo, &buffer);
    link.session().Begin();
    Require(link.ring().boot() > boot || flash.misuses > 0, "a boot has a number of its own");
    boot = link.ring().boot();
    for (bool runs = true; runs && !input.empty();) {
      const auto what = input.Take<uint8_t>();
      LineBuffer answer;
      switch (what & 7) {
        case 0:
          Message(input, link, input.Take<uint8_t>());
          break;
        case 1:
          board.micros += int64_t{what} * 100000;
          break;
        case 2:
          link.Answer(what & 8 ? "on 1700000000000" : "off", answer);
          break;
        case 3:
          Acknowledge(input, link);
          break;
        case 4:
          link.session().Changed(static_cast<Setting>(what / 8 % 6), 2.0f);
          break;
        case 5:
          if (what > 250) link.session().FactoryReset();
          runs = what < 200;
          break;
        default:
          Frame(input, link, board, input.Take<uint8_t>());
          break;
      }
      link.session().Poll(0, 0);
      const EventRing& ring = link.ring();
      Require(ring.on_the_way() <= ring.queue(), "what is on its way is in the queue");
      Require(ring.queue() <= 4 * 63, "a queue fits into its flash");
    }
  }
  Require(flash.misuses == 0, "a write stays within its sector");
  return 0;
}
