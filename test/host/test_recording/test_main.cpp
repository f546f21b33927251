#include <unity.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "../../suite_main.h"
#include "Recording.h"

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

// Opens what was written and reads it all: `expected` values of channel 0.
static void ExpectValues(const char* column, const float* expected, int count, uint32_t malformed) {
  Recording recording;
  TEST_ASSERT_EQUAL_STRING("", recording.Open(kPath, column, kOne, 1));
  for (int i = 0; i < count; ++i) {
    TEST_ASSERT_FALSE(recording.Done());
    TEST_ASSERT_EQUAL_FLOAT(expected[i], recording.Next().values[0]);
  }
  TEST_ASSERT_TRUE(recording.Done());
  TEST_ASSERT_EQUAL_UINT32(malformed, recording.malformed_rows());
}

static void ABareColumnIsRead() {
  Write("25.5\n26\n-1e1\n");
  const float expected[] = {25.5f, 26.0f, -10.0f};
  ExpectValues(nullptr, expected, 3, 0);
}

static void HeaderTimesCommentsAndCarriageReturnsAreUnderstood() {
  Write(
      "\xEF\xBB\xBF# board: x\r\ntimestamp,value\r\n2013-07-04 00:00:00,69.88\r\n\r\n2013-07-04 "
      "01:00:00,71.2\r\n");
  const float expected[] = {69.88f, 71.2f};
  ExpectValues(nullptr, expected, 2, 0);
  Recording recording;
  TEST_ASSERT_EQUAL_STRING("", recording.Open(kPath, nullptr, kOne, 1));
  recording.Next();
  TEST_ASSERT_EQUAL_STRING("2013-07-04 00:00:00", recording.time_text());
}

static void WithoutAHeaderTheLastColumnIsTheValue() {
  Write("0.0,25.5\n0.5,26.5\n");
  const float expected[] = {25.5f, 26.5f};
  ExpectValues(nullptr, expected, 2, 0);
}

static void AColumnIsChosenByNameOrNumber() {
  Write("time;a;b\n0;1;2\n1;3;4\n");
  const float a[] = {1.0f, 3.0f};
  const float b[] = {2.0f, 4.0f};
  ExpectValues("a", a, 2, 0);
  ExpectValues("3", b, 2, 0);
}

static void MalformedRowsAreCountedAndNeverBecomeNumbers() {
  Write("time,value\n0,1\n1\n2,x\n3,4,5\n4,\n5,6C\n6,0x10\n7,2\n8,3.");
  const float expected[] = {1.0f, 2.0f, 3.0f};
  ExpectValues(nullptr, expected, 3, 6);
}

static void ANumberThatIsNoneReachesTheSensorCheck() {
  Write("value\n1\nnan\n2\n");
  Recording recording;
  TEST_ASSERT_EQUAL_STRING("", recording.Open(kPath, nullptr, kOne, 1));
  recording.Next();
  TEST_ASSERT_TRUE(std::isnan(recording.Next().values[0]));
}

static void SeveralChannelsAreFoundByName() {
  Write("b,t,a\n1,2,3\n");
  Recording recording;
  TEST_ASSERT_EQUAL_STRING("", recording.Open(kPath, nullptr, kTwo, 2));
  const SensorSample sample = recording.Next();
  TEST_ASSERT_EQUAL_FLOAT(3.0f, sample.values[0]);
  TEST_ASSERT_EQUAL_FLOAT(1.0f, sample.values[1]);
}

static void ExpectRefusal(const char* column, const char* part) {
  Recording recording;
  const char* error = recording.Open(kPath, column, kOne, 1);
  TEST_ASSERT_NOT_NULL_MESSAGE(std::strstr(error, part), error);
}

static void WhatCannotBeReadIsRefusedWithItsReason() {
  ExpectRefusal(nullptr, "cannot open test_recording.csv");
  Write("");
  ExpectRefusal(nullptr, "holds no row");
  Write("time,value\n");
  ExpectRefusal(nullptr, "holds no sound row");
  Write("time,a,b\n1,2,3\n");
  ExpectRefusal(nullptr, "choose one with --column");
  ExpectRefusal("c", "there is no column \"c\"");
}

static void BinaryBytesAreMalformedRows() {
  char bytes[4000];
  uint32_t random = 3;
  for (char& byte : bytes) {
    random = random * 1664525u + 1013904223u;
    byte = static_cast<char>(random >> 24);
  }
  WriteBytes(bytes, sizeof(bytes));
  Recording recording;
  TEST_ASSERT_NOT_EQUAL(0, std::strlen(recording.Open(kPath, nullptr, kOne, 1)));
}

static void AnOverlongRowIsMalformed() {
  std::FILE* file = std::fopen(kPath, "wb");
  std::fputs("value\n1\n", file);
  for (int i = 0; i < 100000; ++i) std::fputc('7', file);
  std::fputs("\n2\n", file);
  std::fclose(file);
  const float expected[] = {1.0f, 2.0f};
  ExpectValues(nullptr, expected, 2, 1);
}

static void ADateAndATimeAreBothNoValue() {
  Write("date,time,temp\n2026-11-24,10:00:00,21.5\n");
  const float expected[] = {21.5f};
  ExpectValues(nullptr, expected, 1, 0);
}

static void LinesOfBlanksAreNoRows() {
  Write("  \nvalue\n1\n\t \n2\n");
  const float expected[] = {1.0f, 2.0f};
  ExpectValues(nullptr, expected, 2, 0);
}

static void RunTests() {
  RUN_TEST(ABareColumnIsRead);
  RUN_TEST(HeaderTimesCommentsAndCarriageReturnsAreUnderstood);
  RUN_TEST(WithoutAHeaderTheLastColumnIsTheValue);
  RUN_TEST(AColumnIsChosenByNameOrNumber);
  RUN_TEST(MalformedRowsAreCountedAndNeverBecomeNumbers);
  RUN_TEST(ANumberThatIsNoneReachesTheSensorCheck);
  RUN_TEST(SeveralChannelsAreFoundByName);
  RUN_TEST(WhatCannotBeReadIsRefusedWithItsReason);
  RUN_TEST(BinaryBytesAreMalformedRows);
  RUN_TEST(AnOverlongRowIsMalformed);
  RUN_TEST(ADateAndATimeAreBothNoValue);
  RUN_TEST(LinesOfBlanksAreNoRows);
}

SUITE_MAIN(RunTests)
