#include <unity.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "../../suite_main.h"
#include "RecordedInput.h"

using namespace anomaly;

static const char kPath[] = "test_recording.csv";
static const char* const kOne[] = {"temperature"};
static const char* const kTwo[] = {"a", "b"};

void setUp() {}
void tearDown() { std::remove(kPath); }

static void WriteBytes(const char* bytes, size_t size) {
  std::FILE* file = std::fopen(kPath, "wb");
  TEST_ASSERT_NOT_NULL(file);
  std::fwrite(bytes, 1, size, file);
  std::fclose(file);
}

static void Write(const char* text) { WriteBytes(text, std::strlen(text)); }

constexpr uint32_t kPeriodUs = 500000;

static const char* Open(RecordedInput& recording, const char* column = nullptr) {
  return recording.Open(kPath, column, kOne, 1, kPeriodUs);
}

// Opens what was written and reads it all: `expected` values of channel 0.
static void ExpectValues(const char* column, const float* expected, int count, uint32_t malformed) {
  RecordedInput recording;
  TEST_ASSERT_EQUAL_STRING("", Open(recording, column));
  for (int i = 0; i < count; ++i) {
    TEST_ASSERT_FALSE(recording.Done());
    TEST_ASSERT_EQUAL_FLOAT(expected[i], recording.Next().values[0]);
  }
  TEST_ASSERT_TRUE(recording.Done());
  TEST_ASSERT_EQUAL_UINT32(malformed, recording.malformed_rows());
}

static void HeadTimesAndCarriageReturnsAreUnderstood() {
  Write(
      "# imported: office.csv\r\n# recorded: 2013-07-04T23:00:00\r\n# interval: 3600\r\n\r\n"
      "time,temperature\r\n0.000,69.88\r\n3600.000,-1e1\r\n");
  const float expected[] = {69.88f, -10.0f};
  ExpectValues(nullptr, expected, 2, 0);
  RecordedInput recording;
  TEST_ASSERT_EQUAL_STRING("", Open(recording));
  TEST_ASSERT_EQUAL_INT64(3600000000, recording.interval_us());
  recording.Next();
  TEST_ASSERT_EQUAL_STRING("2013-07-04T23:00:00", recording.time_text());
  recording.Next();
  TEST_ASSERT_EQUAL_STRING("2013-07-05T00:00:00", recording.time_text());
}

static void WithoutADateTheTimeIsInSeconds() {
  Write("time,value\n0.0,25.5\n0.5,26.5\n");
  RecordedInput recording;
  TEST_ASSERT_EQUAL_STRING("", Open(recording));
  TEST_ASSERT_EQUAL_INT64(500000, recording.interval_us());
  recording.Next();
  recording.Next();
  TEST_ASSERT_EQUAL_STRING("0.500", recording.time_text());
}

static void TheIntervalIsWhatMostOfTheFirstRowsHave() {
  Write("# recorded: 2026-11-24T10:00:00Z\ntime,value\n0,1\n30,2\n40,3\n50,4\n60,5\n");
  RecordedInput recording;
  TEST_ASSERT_EQUAL_STRING("", Open(recording));
  TEST_ASSERT_EQUAL_INT64(10000000, recording.interval_us());
  TEST_ASSERT_EQUAL_FLOAT(1.0f, recording.Next().values[0]);
}

static void AColumnIsChosenByName() {
  Write("time,a,b\n0,1,2\n1,3,4\n");
  const float a[] = {1.0f, 3.0f};
  ExpectValues("a", a, 2, 0);
}

static void MalformedRowsAreCountedAndNeverBecomeNumbers() {
  Write(
      "# interval: "
      "1\ntime,value\n0,1\n1\n2,x\n3,4,5\n4,\n5,6C\n6,0x10\n6.5,nan\n6.6,inf\nx,1\n7,2\n8,3.");
  const float expected[] = {1.0f, 2.0f, 3.0f};
  ExpectValues(nullptr, expected, 3, 9);
}

static void SeveralChannelsAreFoundByName() {
  Write("time,b,t,a\n0,1,2,3\n");
  RecordedInput recording;
  TEST_ASSERT_EQUAL_STRING("", recording.Open(kPath, nullptr, kTwo, 2, kPeriodUs));
  const HostSample sample = recording.Next();
  TEST_ASSERT_EQUAL_FLOAT(3.0f, sample.values[0]);
  TEST_ASSERT_EQUAL_FLOAT(1.0f, sample.values[1]);
}

static void AHoleOrAStepBackBeginsAPiece() {
  Write("time,value\n0,1\n0.5,1\n1.2,1\n2,1\n2.5,1\n2,1\n2.5,1\n2.5,1\n");
  const bool expected[] = {false, false, false, true, false, true, false, true};
  RecordedInput recording;
  TEST_ASSERT_EQUAL_STRING("", Open(recording));
  for (const bool gap : expected) TEST_ASSERT_EQUAL(gap, recording.Next().after_gap);
  TEST_ASSERT_TRUE(recording.Done());
}

static void ExpectRefusal(const char* column, const char* part) {
  RecordedInput recording;
  const char* error = Open(recording, column);
  TEST_ASSERT_NOT_NULL_MESSAGE(std::strstr(error, part), error);
  TEST_ASSERT_TRUE(recording.Done());
}

static void WhatCannotBeReadIsRefusedWithItsReason() {
  ExpectRefusal(nullptr, "cannot open test_recording.csv");
  Write("");
  ExpectRefusal(nullptr, "holds no row");
  Write("time,value\n");
  ExpectRefusal(nullptr, "holds no row");
  Write("time,a,b\n1,2,3\n");
  ExpectRefusal(nullptr, "choose one with --column");
  ExpectRefusal("c", "has no column \"c\"");
}

static void AnythingButThePlainFormIsToBeImportedFirst() {
  const char* const foreign[] = {
      "22.5\n23\n",
      "value\n22.5\n23\n",
      "0.0,22.5\n0.5,23\n",
      "time;value\n0;22.5\n0.5;23\n",
      "timestamp,value\n2013-07-04 00:00:00,22.5\n",
      "time,value\n2013-07-04 00:00:00,22.5\n",
      "time,value\n0,22.5\n500,22.5\n1000,23\n",
      "\xEF\xBB\xBFtime,value\n0,22.5\n0.5,23\n",
  };
  for (const char* text : foreign) {
    Write(text);
    ExpectRefusal(nullptr, "import it first: ");
  }
}

static void BinaryBytesAreRefused() {
  char bytes[4000];
  uint32_t random = 3;
  for (char& byte : bytes) {
    random = random * 1664525u + 1013904223u;
    byte = static_cast<char>(random >> 24);
  }
  WriteBytes(bytes, sizeof(bytes));
  ExpectRefusal(nullptr, "import it first");
}

static void AnOverlongRowIsMalformed() {
  std::FILE* file = std::fopen(kPath, "wb");
  std::fputs("time,value\n0,1\n", file);
  for (int i = 0; i < 100000; ++i) std::fputc('7', file);
  std::fputs("\n1,2\n", file);
  std::fclose(file);
  const float expected[] = {1.0f, 2.0f};
  ExpectValues(nullptr, expected, 2, 1);
}

static void LinesOfBlanksAreNoRows() {
  Write("  \ntime,value\n0,1\n\t \n1,2\n");
  const float expected[] = {1.0f, 2.0f};
  ExpectValues(nullptr, expected, 2, 0);
}

static void RunTests() {
  RUN_TEST(HeadTimesAndCarriageReturnsAreUnderstood);
  RUN_TEST(WithoutADateTheTimeIsInSeconds);
  RUN_TEST(TheIntervalIsWhatMostOfTheFirstRowsHave);
  RUN_TEST(AColumnIsChosenByName);
  RUN_TEST(MalformedRowsAreCountedAndNeverBecomeNumbers);
  RUN_TEST(SeveralChannelsAreFoundByName);
  RUN_TEST(AHoleOrAStepBackBeginsAPiece);
  RUN_TEST(WhatCannotBeReadIsRefusedWithItsReason);
  RUN_TEST(AnythingButThePlainFormIsToBeImportedFirst);
  RUN_TEST(BinaryBytesAreRefused);
  RUN_TEST(AnOverlongRowIsMalformed);
  RUN_TEST(LinesOfBlanksAreNoRows);
}

SUITE_MAIN(RunTests)
