#include <unity.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "../../suite_main.h"
#include "Crc.h"
#include "Lines.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

static const char* Fixed(float value, int decimals) {
  static LineBuffer line;
  line.Clear();
  line.AddFixed(value, decimals);
  return line.text();
}

static void NumbersAreRoundedHalfAwayFromZero() {
  TEST_ASSERT_EQUAL_STRING("25.13", Fixed(25.13f, 2));
  TEST_ASSERT_EQUAL_STRING("0.13", Fixed(0.125f, 2));
  TEST_ASSERT_EQUAL_STRING("-0.13", Fixed(-0.125f, 2));
  TEST_ASSERT_EQUAL_STRING("1.00", Fixed(0.999f, 2));
  TEST_ASSERT_EQUAL_STRING("0.00", Fixed(-0.001f, 2));
  TEST_ASSERT_EQUAL_STRING("0.000001", Fixed(1e-6f, 6));
  TEST_ASSERT_EQUAL_STRING("3", Fixed(2.5f, 0));
}

static void ExtremesAreText() {
  TEST_ASSERT_EQUAL_STRING("nan", Fixed(NAN, 2));
  TEST_ASSERT_EQUAL_STRING("inf", Fixed(INFINITY, 2));
  TEST_ASSERT_EQUAL_STRING("-inf", Fixed(-INFINITY, 2));
  TEST_ASSERT_EQUAL_STRING("0.0000", Fixed(1e-42f, 4));
  TEST_ASSERT_EQUAL_STRING("16777216.000000", Fixed(16777216.0f, 6));
  TEST_ASSERT_EQUAL_STRING("1e18", Fixed(3e38f, 2));
}

static void NumbersAgreeWithPrintfAwayFromTies() {
  uint32_t random = 1;
  for (int i = 0; i < 20000; ++i) {
    random = random * 1664525u + 1013904223u;
    const float value = static_cast<float>(static_cast<int32_t>(random)) / 65536.0f;
    const int decimals = static_cast<int>(random >> 8) % 7;
    char expected[64];
    std::snprintf(expected, sizeof(expected), "%.*f", decimals, static_cast<double>(value));
    // Ties go to even there and away from zero here; -0 keeps its sign there.
    const float scaled = value * std::pow(10.0f, static_cast<float>(decimals)) * 2.0f;
    if (scaled == std::round(scaled) || std::fabs(scaled) < 1.0f) continue;
    TEST_ASSERT_EQUAL_STRING(expected, Fixed(value, decimals));
  }
}

static FrameVerdict MakeVerdict(State state) {
  FrameVerdict verdict = {};
  verdict.state = state;
  verdict.reconstruction = 25.02f;
  verdict.score = 0.0123f;
  verdict.threshold = 0.15f;
  return verdict;
}

static void AReadingIsTheTutorialsLineAndMore() {
  LineBuffer line;
  AddReading(line, MakeVerdict(State::kNormal), 25.13f, "level", 1);
  TEST_ASSERT_EQUAL_STRING(
      "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL\r\n",
      line.text());
}

static void AnAnomalyNamesItsCause() {
  LineBuffer line;
  AddReading(line, MakeVerdict(State::kAnomaly), 25.13f, "pressure", 8);
  AddAnomalyMarker(line);
  TEST_ASSERT_EQUAL_STRING(
      "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: ANOMALY | Cause: "
      "pressure | Channels: 8\r\n>>> ANOMALY DETECTED! <<<\r\n",
      line.text());
}

static void AReadingSaysHowNearTheSlowChartsAre() {
  FrameVerdict verdict = MakeVerdict(State::kNormal);
  verdict.slow = 0.314f;
  LineBuffer line;
  AddReading(line, verdict, 25.13f, "level", 1);
  TEST_ASSERT_EQUAL_STRING(
      "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL | Slow: "
      "0.31\r\n",
      line.text());
  verdict.state = State::kAnomaly;
  verdict.slow = 2.5f;
  line.Clear();
  AddReading(line, verdict, 25.13f, {"drift", "oil: in"}, 3);
  TEST_ASSERT_EQUAL_STRING(
      "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: ANOMALY | Cause: "
      "drift of oil: in | Slow: 2.50 | Channels: 3\r\n",
      line.text());
}

static void OnRequestAReadingTellsOfTheOtherChannels() {
  const char* const names[] = {"motor current", "flow", "oil: in"};
  const float values[] = {2.5f, 31.999f, -1.0f};
  const float expected[] = {2.4f, 32.25f, NAN};  // of the last nothing can be expected
  const ChannelReadings others = {names, values, expected};
  LineBuffer line;
  AddReading(line, MakeVerdict(State::kNormal), others, "flow", 3, true);
  TEST_ASSERT_EQUAL_STRING(
      "Real: 2.50 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL | Channels: 3"
      " | flow: 32.00 (32.25) | oil: in: -1.00\r\n",
      line.text());
}

static void TheLongestReadingIsNotCut() {
  static const char name[] = "a channel's name of 32 character";
  const char* const names[] = {name, name, name, name, name, name, name, name};
  float values[kMaxChannels];
  for (float& value : values) value = -9.9e17f;
  const ChannelReadings others = {names, values, values};
  FrameVerdict verdict = MakeVerdict(State::kAnomaly);
  verdict.reconstruction = verdict.score = verdict.threshold = values[0];
  LineBuffer line;
  AddReading(line, verdict, others, name, kMaxChannels, true);
  AddAnomalyMarker(line);
  TEST_ASSERT_GREATER_OR_EQUAL(800, line.size());
  TEST_ASSERT_LESS_OR_EQUAL(LongestReading(names, kMaxChannels), line.size());
}

static void AFaultIsNoReading() {
  LineBuffer line;
  AddFault(line, Fault::kNotANumber);
  TEST_ASSERT_EQUAL_STRING("Fault: not a number | State: FAULT\r\n", line.text());
}

static void AFaultOfAPartSaysWhichAndWhere() {
  const char part[] = "MPU6050 at 0x68, SDA GPIO21, SCL GPIO22";
  LineBuffer line;
  AddFault(line, Fault::kNoAnswer, part);
  TEST_ASSERT_EQUAL_STRING(
      "Fault: the part does not answer (MPU6050 at 0x68, SDA GPIO21, SCL GPIO22) | State: "
      "FAULT\r\n",
      line.text());
  line.Clear();
  AddFault(line, Fault::kStuck, part);
  TEST_ASSERT_EQUAL_STRING("Fault: stuck at one value | State: FAULT\r\n", line.text());
}

static void RawLinesCarryAllChannelsAndACheckSum() {
  const float values[] = {25.125f, -1.5f};
  LineBuffer line;
  AddRaw(line, 7, 3500, values, 1, false);
  TEST_ASSERT_EQUAL_STRING("RAW,7,3500,25.125000\r\n", line.text());
  line.Clear();
  AddRaw(line, 4294967295u, 2147483648000, values, 2, false);
  TEST_ASSERT_EQUAL_STRING("RAW,4294967295,2147483648000,25.125000,-1.500000\r\n", line.text());
  line.Clear();
  AddRaw(line, 7, 3500, values, 1, true);
  char expected[64];
  const char text[] = "RAW,7,3500,25.125000";
  std::snprintf(expected, sizeof(expected), "%s*%04x\r\n", text,
                static_cast<unsigned>(Crc16(text, std::strlen(text))));
  TEST_ASSERT_EQUAL_STRING(expected, line.text());
}

static void BlocksOfRawNumbersAreBase64AndCarryACheckSum() {
  const int16_t numbers[] = {1, -2, 32767, -32768, 256};
  const char* const texts[] = {"AQA=", "AQD+/w==", "AQD+//9/", "AQD+//9/AIA=", "AQD+//9/AIAAAQ=="};
  for (int count = 1; count <= 5; ++count) {
    LineBuffer line;
    AddRawBlock(line, 4294967295u, 8000000, numbers, count);
    char text[64];
    std::snprintf(text, sizeof(text), "RAWB,4294967295,8000000,%s", texts[count - 1]);
    char expected[80];
    std::snprintf(expected, sizeof(expected), "%s*%04x\r\n", text,
                  static_cast<unsigned>(Crc16(text, std::strlen(text))));
    TEST_ASSERT_EQUAL_STRING(expected, line.text());
  }
}

static void TheCheckSumsAreTheOnesTheyAreCalled() {
  TEST_ASSERT_EQUAL_HEX16(0x29B1, Crc16("123456789", 9));
  TEST_ASSERT_EQUAL_HEX32(0xCBF43926, Crc32("123456789", 9));
}

static void ALineThatDoesNotFitIsCutAndSaysSo() {
  LineBuffer line;
  for (size_t i = 0; i <= LineBuffer::kCapacity / 5; ++i) line.Add("12345");
  line.End();
  TEST_ASSERT_EQUAL_UINT32(LineBuffer::kCapacity, line.size());
  TEST_ASSERT_EQUAL_UINT32(LineBuffer::kCapacity, std::strlen(line.text()));
  TEST_ASSERT_EQUAL_STRING("...\r\n", line.text() + LineBuffer::kCapacity - 5);
  line.Clear();
  line.AddInteger(INT64_MIN);
  TEST_ASSERT_EQUAL_STRING("-9223372036854775808", line.text());
}

static void RunTests() {
  RUN_TEST(NumbersAreRoundedHalfAwayFromZero);
  RUN_TEST(ExtremesAreText);
  RUN_TEST(NumbersAgreeWithPrintfAwayFromTies);
  RUN_TEST(AReadingIsTheTutorialsLineAndMore);
  RUN_TEST(AnAnomalyNamesItsCause);
  RUN_TEST(AReadingSaysHowNearTheSlowChartsAre);
  RUN_TEST(OnRequestAReadingTellsOfTheOtherChannels);
  RUN_TEST(TheLongestReadingIsNotCut);
  RUN_TEST(AFaultIsNoReading);
  RUN_TEST(AFaultOfAPartSaysWhichAndWhere);
  RUN_TEST(RawLinesCarryAllChannelsAndACheckSum);
  RUN_TEST(BlocksOfRawNumbersAreBase64AndCarryACheckSum);
  RUN_TEST(TheCheckSumsAreTheOnesTheyAreCalled);
  RUN_TEST(ALineThatDoesNotFitIsCutAndSaysSo);
}

SUITE_MAIN(RunTests)
