#include <unity.h>

#include <cstring>
#include <initializer_list>

#include "../../suite_main.h"
#include "Commands.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

static void PlainCommandsAreKnown() {
  const struct {
    const char* line;
    CommandKind kind;
  } cases[] = {{"help", CommandKind::kHelp},
               {"status", CommandKind::kStatus},
               {"model", CommandKind::kModel},
               {"selftest", CommandKind::kSelftest},
               {"reboot", CommandKind::kReboot},
               {"  help\t ", CommandKind::kHelp},
               {"", CommandKind::kEmpty},
               {" \t ", CommandKind::kEmpty},
               {"Help", CommandKind::kInvalid},
               {"help me", CommandKind::kInvalid},
               {"reboot now", CommandKind::kInvalid},
               {"rebootx", CommandKind::kInvalid}};
  for (const auto& each : cases) {
    TEST_ASSERT_TRUE_MESSAGE(ParseCommand(each.line).kind == each.kind, each.line);
  }
}

static void RawTakesOnOffAndCrc() {
  TEST_ASSERT_TRUE(ParseCommand("raw on").on);
  TEST_ASSERT_FALSE(ParseCommand("raw on").crc);
  TEST_ASSERT_TRUE(ParseCommand("raw on crc").crc);
  TEST_ASSERT_FALSE(ParseCommand("raw off").on);
  for (const char* line : {"raw", "raw maybe", "raw off crc", "raw on fast", "raw on crc x"}) {
    TEST_ASSERT_TRUE_MESSAGE(ParseCommand(line).kind == CommandKind::kInvalid, line);
  }
}

static void BaudTakesASpeedThatThereIs() {
  TEST_ASSERT_TRUE(ParseCommand("baud 921600").kind == CommandKind::kBaud);
  TEST_ASSERT_EQUAL_UINT32(921600, ParseCommand("baud 921600").count);
  TEST_ASSERT_EQUAL_UINT32(115200, ParseCommand(" baud\t115200 ").count);
  for (const char* line : {"baud", "baud 9600", "baud 0", "baud -1", "baud 921600 x", "baud fast",
                           "baud 4295888896", "baud 115200.0"}) {
    TEST_ASSERT_TRUE_MESSAGE(ParseCommand(line).kind == CommandKind::kInvalid, line);
  }
}

static void ChannelsTakesOnOrOff() {
  TEST_ASSERT_TRUE(ParseCommand("channels on").kind == CommandKind::kChannels);
  TEST_ASSERT_TRUE(ParseCommand("channels on").on);
  TEST_ASSERT_TRUE(ParseCommand("channels off").kind == CommandKind::kChannels);
  TEST_ASSERT_FALSE(ParseCommand("channels off").on);
  for (const char* line : {"channels", "channels 2", "channels on off"}) {
    TEST_ASSERT_TRUE_MESSAGE(ParseCommand(line).kind == CommandKind::kInvalid, line);
  }
}

static void InjectTakesAValueAndACount() {
  Command command = ParseCommand("inject 50 4");
  TEST_ASSERT_TRUE(command.kind == CommandKind::kInject);
  TEST_ASSERT_EQUAL_FLOAT(50.0f, command.value);
  TEST_ASSERT_EQUAL_UINT32(4, command.count);
  command = ParseCommand("inject -1.5e1");
  TEST_ASSERT_EQUAL_FLOAT(-15.0f, command.value);
  TEST_ASSERT_EQUAL_UINT32(1, command.count);
  for (const char* line : {"inject", "inject nan", "inject inf", "inject 0x10", "inject 50C",
                           "inject 50 0", "inject 50 -1", "inject 50 1.5", "inject 50 100001",
                           "inject 50 99999999999", "inject 50 4 x", "inject 1e39", "inject --5"}) {
    TEST_ASSERT_TRUE_MESSAGE(ParseCommand(line).kind == CommandKind::kInvalid, line);
  }
}

static void ThresholdTakesAValueAboveZeroOrDefault() {
  TEST_ASSERT_EQUAL_FLOAT(0.2f, ParseCommand("threshold 0.2").value);
  TEST_ASSERT_TRUE(ParseCommand("threshold default").restore);
  for (const char* line : {"threshold", "threshold 0", "threshold -1", "threshold x",
                           "threshold nan", "threshold 1 2"}) {
    TEST_ASSERT_TRUE_MESSAGE(ParseCommand(line).kind == CommandKind::kInvalid, line);
  }
}

static void CalibrateTakesSecondsOrDefault() {
  TEST_ASSERT_EQUAL_UINT32(60, ParseCommand("calibrate").count);
  TEST_ASSERT_EQUAL_UINT32(10, ParseCommand("calibrate 10").count);
  TEST_ASSERT_TRUE(ParseCommand("calibrate default").restore);
  for (const char* line : {"calibrate 9", "calibrate 3601", "calibrate x", "calibrate 60 60"}) {
    TEST_ASSERT_TRUE_MESSAGE(ParseCommand(line).kind == CommandKind::kInvalid, line);
  }
}

static bool FeedAll(LineReader& reader, const char* bytes) {
  bool ended = false;
  for (const char* byte = bytes; *byte != '\0'; ++byte) ended = reader.Feed(*byte);
  return ended;
}

static void LinesEndWithAnyLineEnd() {
  LineReader reader;
  TEST_ASSERT_TRUE(FeedAll(reader, "status\n"));
  TEST_ASSERT_EQUAL_STRING("status", reader.line());
  TEST_ASSERT_TRUE(FeedAll(reader, "help\r"));
  TEST_ASSERT_EQUAL_STRING("help", reader.line());
  TEST_ASSERT_TRUE(reader.Feed('\n'));
  TEST_ASSERT_EQUAL_STRING("", reader.line());
}

static void BackspaceTakesBackOneCharacter() {
  LineReader reader;
  FeedAll(reader, "\b\bhelx\bp\n");
  TEST_ASSERT_EQUAL_STRING("help", reader.line());
}

static void ALineThatIsTooLongIsRefusedAndTheNextIsFine() {
  LineReader reader;
  for (int i = 0; i < 5000; ++i) reader.Feed('a');
  TEST_ASSERT_TRUE(reader.Feed('\n'));
  TEST_ASSERT_TRUE(ParseCommand(reader.line()).kind == CommandKind::kInvalid);
  TEST_ASSERT_EQUAL_STRING("line too long", ParseCommand(reader.line()).error);
  FeedAll(reader, "help\n");
  TEST_ASSERT_TRUE(ParseCommand(reader.line()).kind == CommandKind::kHelp);
}

static void WhatWasTooLongCannotBeTakenBack() {
  LineReader reader;
  FeedAll(reader, "help");
  for (int i = 0; i < 700; ++i) reader.Feed(' ');
  for (int i = 0; i < 700; ++i) reader.Feed('\b');
  TEST_ASSERT_TRUE(reader.Feed('\n'));
  TEST_ASSERT_EQUAL_STRING("line too long", ParseCommand(reader.line()).error);
}

static void OnlyAMessageForTheLinkMayBeLong() {
  constexpr char kBegin[] = "link a/b ";
  char line[2 * LineReader::kMaxLine] = {};
  std::memset(line, 'x', 609);
  std::memcpy(line, kBegin, sizeof(kBegin) - 1);
  const Command command = ParseCommand(line);
  TEST_ASSERT_TRUE(command.kind == CommandKind::kLink);
  TEST_ASSERT_EQUAL_STRING(line + 5, command.text);
  std::memset(line, 'x', sizeof(line) - 1);
  std::memcpy(line, kBegin, sizeof(kBegin) - 1);
  TEST_ASSERT_EQUAL_STRING("line too long", ParseCommand(line).error);
  std::memcpy(line, "help ", 5);
  line[605] = '\0';
  TEST_ASSERT_EQUAL_STRING("line too long", ParseCommand(line).error);
  TEST_ASSERT_TRUE(ParseCommand("factory-reset").kind == CommandKind::kFactoryReset);
  TEST_ASSERT_TRUE(ParseCommand("factory-reset now").kind == CommandKind::kInvalid);
}

static void AnyBytesAreSafe() {
  LineReader reader;
  uint32_t random = 7;
  for (int string = 0; string < 10000; ++string) {
    random = random * 1664525u + 1013904223u;
    const uint32_t length = (random >> 16) % 120;
    for (uint32_t i = 0; i <= length; ++i) {
      random = random * 1664525u + 1013904223u;
      if (!reader.Feed(static_cast<char>(random >> 24))) continue;
      const Command command = ParseCommand(reader.line());
      TEST_ASSERT_TRUE((command.kind == CommandKind::kInvalid) == (command.error != nullptr));
    }
  }
}

static void RunTests() {
  RUN_TEST(PlainCommandsAreKnown);
  RUN_TEST(RawTakesOnOffAndCrc);
  RUN_TEST(BaudTakesASpeedThatThereIs);
  RUN_TEST(ChannelsTakesOnOrOff);
  RUN_TEST(InjectTakesAValueAndACount);
  RUN_TEST(ThresholdTakesAValueAboveZeroOrDefault);
  RUN_TEST(CalibrateTakesSecondsOrDefault);
  RUN_TEST(LinesEndWithAnyLineEnd);
  RUN_TEST(BackspaceTakesBackOneCharacter);
  RUN_TEST(ALineThatIsTooLongIsRefusedAndTheNextIsFine);
  RUN_TEST(WhatWasTooLongCannotBeTakenBack);
  RUN_TEST(OnlyAMessageForTheLinkMayBeLong);
  RUN_TEST(AnyBytesAreSafe);
}

SUITE_MAIN(RunTests)
