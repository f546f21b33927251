// How a board gets to its server: what is typed, what a web page sends, what is refused; and that
// nothing of it comes out again.
#include <unity.h>

#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "../../suite_main.h"
#include "Base64.h"
#include "ProvisioningConsole.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

class Line final : public SerialLine {
 public:
  void Write(const char* text, size_t size) override { sent.append(text, size); }
  int ReadByte() override { return -1; }
  std::string sent;
};

class Kept final : public Provisioning {
 public:
  bool SetWifi(const char* name, const char* secret) override {
    ssid = name;
    passphrase = secret;
    return keeps;
  }
  bool SetBroker(const char* broker) override {
    uri = broker;
    return keeps;
  }
  bool has_wifi() const override { return !ssid.empty(); }
  size_t Request(uint8_t* der, size_t room) override {
    const char request[] = "a request";
    TEST_ASSERT_TRUE(room >= sizeof(request));
    std::memcpy(der, request, sizeof(request) - 1);
    return makes ? sizeof(request) - 1 : 0;
  }
  bool Put(Item item, size_t offset, const uint8_t* bytes, size_t size) override {
    std::string& part = parts[static_cast<int>(item)];
    if (offset == 0) part.clear();
    if (offset != part.size()) return false;
    part.append(reinterpret_cast<const char*>(bytes), size);
    return true;
  }
  const char* Finish(int64_t unix_ms) override {
    time = unix_ms;
    return parts[1].empty() ? "what came as the board's is no certificate" : nullptr;
  }
  bool Wipe() override { return true; }

  bool keeps = true;
  bool makes = true;
  std::string ssid, passphrase, uri;
  std::string parts[kItems];
  int64_t time = 0;
};

struct Board {
  Line serial;
  LineBuffer line;
  Kept kept;
  ProvisioningConsole console{"1.0.0", "ESP32", "020000000001", kept, serial};

  // The answer to `text`, "wifi Home secret12".
  std::string Type(const char* text) {
    line.Clear();
    console.Answer(text, line);
    const std::string answer(line.text(), line.size());
    TEST_ASSERT_TRUE(answer.size() > 2 && answer.substr(answer.size() - 2) == "\r\n");
    return answer.substr(0, answer.size() - 2);
  }
};

static void AssertRefused(const std::string& answer, const char* part) {
  TEST_ASSERT_EQUAL_STRING_LEN("ERR ", answer.c_str(), 4);
  TEST_ASSERT_NOT_NULL_MESSAGE(std::strstr(answer.c_str(), part), answer.c_str());
}

// ---- lines

static void WifiTakesQuotesWhereThereAreSpaces() {
  struct {
    const char* typed;
    const char* ssid;
    const char* passphrase;
  } const cases[] = {{"wifi Home secret12", "Home", "secret12"},
                     {"wifi \"The Smiths\" \"eight or more\"", "The Smiths", "eight or more"},
                     {"wifi Cafe", "Cafe", ""},
                     {"wifi \"a \\\"b\\\" \\\\ c\" 12345678  ", "a \"b\" \\ c", "12345678"},
                     {"wifi \"\xC3\xBC\" 12345678", "\xC3\xBC", "12345678"}};
  for (const auto& one : cases) {
    Board board;
    TEST_ASSERT_EQUAL_STRING("OK wifi=set", board.Type(one.typed).c_str());
    TEST_ASSERT_EQUAL_STRING(one.ssid, board.kept.ssid.c_str());
    TEST_ASSERT_EQUAL_STRING(one.passphrase, board.kept.passphrase.c_str());
  }
}

static void WhatIsNoNetworkIsRefusedAndNothingIsKept() {
  for (const char* typed :
       {"wifi", "wifi \"\"", "wifi Home short", "wifi Home secret12 more", "wifi \"Home secret12",
        "wifi \"Home\"secret12", "wifi 123456789012345678901234567890123 secret12",
        "wifi Home 1234567890123456789012345678901234567890123456789012345678901234"}) {
    Board board;
    AssertRefused(board.Type(typed), "wifi wants SSID");
    TEST_ASSERT_TRUE(board.kept.ssid.empty());
  }
}

static void OnlyAnEncryptedBrokerIsTaken() {
  Board board;
  TEST_ASSERT_EQUAL_STRING("OK mqtt=set", board.Type("mqtt mqtts://broker.lan:8883").c_str());
  TEST_ASSERT_EQUAL_STRING("mqtts://broker.lan:8883", board.kept.uri.c_str());
  for (const char* typed : {"mqtt", "mqtt mqtt://broker.lan", "mqtt mqtts://", "mqtt mqtts://:8883",
                            "mqtt broker.lan", "mqtt mqtts://a mqtts://b"}) {
    AssertRefused(board.Type(typed), "mqtts://HOST");
  }
  TEST_ASSERT_EQUAL_STRING("mqtts://broker.lan:8883", board.kept.uri.c_str());
}

static std::string Base64(const std::string& bytes) {
  static LineBuffer line;
  line.Clear();
  AddBase64(line, static_cast<int>(bytes.size()),
            [&](int i) { return static_cast<uint8_t>(bytes[static_cast<size_t>(i)]); });
  return line.text();
}

static void EnrolAsksAndTakesWhatComesBackInParts() {
  Board board;
  const std::string asked = "OK enroll id=020000000001 csr=" + Base64("a request");
  TEST_ASSERT_EQUAL_STRING(asked.c_str(), board.Type("enroll").c_str());
  const std::string certificate(500, '\x81');
  const auto part = [&](const char* what, size_t from, size_t size) {
    const std::string text = "enroll " + std::string(what) + " " + std::to_string(from) + " " +
                             Base64(certificate.substr(from, size));
    return board.Type(text.c_str());
  };
  TEST_ASSERT_EQUAL_STRING("OK enroll bytes=100", part("ca", 0, 100).c_str());
  TEST_ASSERT_EQUAL_STRING("OK enroll bytes=384", part("cert", 0, 384).c_str());
  AssertRefused(part("cert", 400, 100), "does not follow");
  TEST_ASSERT_EQUAL_STRING("OK enroll bytes=500", part("cert", 384, 384).c_str());
  TEST_ASSERT_TRUE(board.kept.parts[1] == certificate);
  TEST_ASSERT_EQUAL_STRING("OK enroll=done",
                           board.Type("enroll done 1795700000123 mqtts://h:8883").c_str());
  TEST_ASSERT_TRUE(board.kept.time == 1795700000123);
  TEST_ASSERT_EQUAL_STRING("mqtts://h:8883", board.kept.uri.c_str());
}

static void WhatIsNoPartOfAnEnrolmentIsRefused() {
  Board board;
  for (const char* typed : {"enroll it", "enroll ca", "enroll ca 0", "enroll ca 0 AAA",
                            "enroll ca 0 A*AA", "enroll ca 0 =AAA", "enroll ca -1 AAAA",
                            "enroll ca 0 AAAA more", "enroll done", "enroll done soon mqtts://h",
                            "enroll done 1795700000123 mqtt://h", "enroll done 1795700000123"}) {
    AssertRefused(board.Type(typed), "enroll wants");
  }
  AssertRefused(board.Type("enroll done 1795700000123 mqtts://h"), "is no certificate");
  TEST_ASSERT_TRUE(board.kept.uri.empty());
  board.kept.makes = false;
  AssertRefused(board.Type("enroll"), "could not make a key");
}

static void WhatCannotBeKeptIsSaid() {
  Board board;
  board.kept.keeps = false;
  AssertRefused(board.Type("wifi Home secret12"), "could not be kept");
  AssertRefused(board.Type("mqtt mqtts://h"), "could not be kept");
}

static void NoAnswerHoldsWhatWasSet() {
  Board board;
  std::string all = board.Type("wifi HomeOfTheSmiths verysecret1");
  all += board.Type("wifi HomeOfTheSmiths verysecret1 x");
  all += board.Type("mqtt mqtts://user:verysecret1@h");
  all += board.Type("enroll");
  all += board.serial.sent;
  TEST_ASSERT_TRUE(all.find("verysecret1") == std::string::npos);
  TEST_ASSERT_TRUE(all.find("HomeOfTheSmiths") == std::string::npos);
}

static void Base64IsReadAsItIsWritten() {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 60, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    uint8_t back[64];
    size_t size = 0;
    TEST_ASSERT_TRUE(ReadBase64(Base64(bytes).c_str(), back, sizeof(back), &size));
    TEST_ASSERT_EQUAL_UINT(bytes.size(), size);
    TEST_ASSERT_TRUE(bytes.empty() || std::memcmp(back, bytes.data(), size) == 0);
    const bool fits = ReadBase64(Base64(bytes).c_str(), back, bytes.size(), &size);
    TEST_ASSERT_TRUE(fits);
    if (!bytes.empty()) {
      TEST_ASSERT_FALSE(ReadBase64(Base64(bytes).c_str(), back, bytes.size() - 1, &size));
    }
  }
}

// ---- packets

static std::string Packet(const std::string& data, char type = 3) {
  std::string packet = std::string("IMPROV\x01") + type + static_cast<char>(data.size()) + data;
  uint8_t sum = 0;
  for (const char c : packet) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(c));
  return packet + static_cast<char>(sum);
}

static std::string WifiPacket(const std::string& ssid, const std::string& passphrase) {
  const std::string texts =
      static_cast<char>(ssid.size()) + ssid + static_cast<char>(passphrase.size()) + passphrase;
  return Packet(std::string("\x01") + static_cast<char>(texts.size()) + texts);
}

// What the console gets of these bytes.
static std::string Feed(Board& board, const std::string& bytes) {
  std::string rest;
  for (const char c : bytes) {
    if (board.console.Feed(static_cast<uint8_t>(c))) continue;
    rest.append(ImprovReader::kMark, board.console.released()).push_back(c);
  }
  return rest;
}

static const std::string kReady = Packet("\x02", 1) + "\n";
static const std::string kProvisioned = Packet("\x04", 1) + "\n";

static void APageSetsTheNetworkBetweenTwoLines() {
  Board board;
  const std::string packet = WifiPacket("The Smiths", "eight or more");
  const std::string rest = Feed(board, "status\n" + packet + "IMPROVE\nIMmodel\n");
  TEST_ASSERT_EQUAL_STRING("status\nIMPROVE\nIMmodel\n", rest.c_str());
  TEST_ASSERT_EQUAL_STRING("The Smiths", board.kept.ssid.c_str());
  TEST_ASSERT_EQUAL_STRING("eight or more", board.kept.passphrase.c_str());
  const std::string result = Packet(std::string("\x01\x00", 2), 4) + "\n";
  TEST_ASSERT_TRUE(board.serial.sent == kProvisioned + result);
}

static void APageAsksForStateAndInfo() {
  Board board;
  TEST_ASSERT_TRUE(Feed(board, Packet(std::string("\x02\x00", 2))).empty());
  TEST_ASSERT_TRUE(board.serial.sent == kReady);
  board.serial.sent.clear();
  TEST_ASSERT_TRUE(Feed(board, Packet(std::string("\x03\x00", 2))).empty());
  std::string texts;
  for (const char* text : {"anomaly-detector", "1.0.0", "ESP32", "020000000001"}) {
    texts += static_cast<char>(std::strlen(text)) + std::string(text);
  }
  const std::string info = std::string("\x03") + static_cast<char>(texts.size()) + texts;
  TEST_ASSERT_TRUE(board.serial.sent == Packet(info, 4) + "\n");
}

static void WrongPacketsAreRefused() {
  const auto answer = [](const std::string& packet) {
    Board board;
    TEST_ASSERT_TRUE(Feed(board, packet).empty());
    TEST_ASSERT_TRUE(board.kept.ssid.empty());
    return board.serial.sent;
  };
  const auto error = [](char code) { return Packet(std::string(1, code), 2) + "\n"; };
  std::string damaged = WifiPacket("Home", "secret12");
  damaged.back() = static_cast<char>(damaged.back() + 1);
  TEST_ASSERT_TRUE(answer(damaged) == error(1));
  TEST_ASSERT_TRUE(answer(Packet(std::string("\x01\x03\x09Ho", 5))) == error(1));
  TEST_ASSERT_TRUE(answer(Packet("\x01")) == error(1));
  TEST_ASSERT_TRUE(answer(Packet("")) == error(1));
  TEST_ASSERT_TRUE(answer(Packet(std::string("\x09\x00", 2))) == error(2));
  TEST_ASSERT_TRUE(answer(WifiPacket("Home", "short")) == error(3));
  TEST_ASSERT_TRUE(answer(Packet("\x02", 1)).empty());  // a board's own
}

static void RunTests() {
  RUN_TEST(WifiTakesQuotesWhereThereAreSpaces);
  RUN_TEST(WhatIsNoNetworkIsRefusedAndNothingIsKept);
  RUN_TEST(OnlyAnEncryptedBrokerIsTaken);
  RUN_TEST(EnrolAsksAndTakesWhatComesBackInParts);
  RUN_TEST(WhatIsNoPartOfAnEnrolmentIsRefused);
  RUN_TEST(WhatCannotBeKeptIsSaid);
  RUN_TEST(NoAnswerHoldsWhatWasSet);
  RUN_TEST(Base64IsReadAsItIsWritten);
  RUN_TEST(APageSetsTheNetworkBetweenTwoLines);
  RUN_TEST(APageAsksForStateAndInfo);
  RUN_TEST(WrongPacketsAreRefused);
}

SUITE_MAIN(RunTests)
