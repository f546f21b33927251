// The part of Unity (github.com/ThrowTheSwitch/Unity) that the suites use: same names, same output
// lines. It stands in for the real one in host tests where PlatformIO's registry is out of reach.
//
// Unity's double assertions are off by default and therefore left out: a suite that passes with
// this header passes with the real library.
#pragma once

#include <cmath>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>

extern "C" {
void setUp(void);
void tearDown(void);
}

namespace unity_offline {

struct Run {
  const char* file;
  const char* test;
  int line;
  unsigned tests;
  unsigned failures;
  unsigned ignored;
  bool test_failed;
  bool test_ignored;
  std::jmp_buf frame;
};
inline Run run{};

// An integer that is shown in hexadecimal.
struct Hex {
  std::uint64_t value;
  int digits;
};

inline void Print(std::int64_t value) { std::printf("%lld", static_cast<long long>(value)); }
inline void Print(std::uint64_t value) {
  std::printf("%llu", static_cast<unsigned long long>(value));
}
inline void Print(Hex value) {
  std::printf("0x%0*llX", value.digits, static_cast<unsigned long long>(value.value));
}
inline void Print(float value) { std::printf("%.9g", static_cast<double>(value)); }
inline void Print(const char* text) {
  if (text == nullptr) {
    std::printf("NULL");
  } else {
    std::printf("'%s'", text);
  }
}

inline void PrintResult(int line, const char* result) {
  std::printf("%s:%d:%s:%s", run.file, line, run.test, result);
}

[[noreturn]] inline void Leave(const char* message, const char* separator) {
  if (message != nullptr) {
    std::printf("%s%s", separator, message);
  }
  std::printf("\n");
  std::fflush(stdout);
  std::longjmp(run.frame, 1);
}

inline void PrintFailure(int line) {
  run.test_failed = true;
  PrintResult(line, "FAIL");
}

[[noreturn]] inline void Fail(int line, const char* message) {
  PrintFailure(line);
  Leave(message, ": ");
}

[[noreturn]] inline void Ignore(int line, const char* message) {
  run.test_ignored = true;
  PrintResult(line, "IGNORE");
  Leave(message, ": ");
}

[[noreturn]] inline void Pass(int line, const char* message) {
  if (message != nullptr) {
    PrintResult(line, "INFO");
    std::printf(": %s\n", message);
  }
  std::longjmp(run.frame, 1);
}

inline void Message(int line, const char* message) {
  PrintResult(line, "INFO");
  std::printf(": %s\n", message);
}

inline void Require(bool holds, int line, const char* reason, const char* message) {
  if (!holds) {
    Fail(line, message != nullptr ? message : reason);
  }
}

// The value as Narrow has it, widened to the type that it is compared and shown in.
template <typename Narrow, typename Value>
auto Widen(Value value) {
  if constexpr (std::is_same_v<Narrow, float>) {
    return (float)value;
  } else if constexpr (std::is_signed_v<Narrow>) {
    return (std::int64_t)(Narrow)value;
  } else {
    return (std::uint64_t)(Narrow)value;
  }
}

template <typename T>
void RequireExpected(bool holds, T expected, T actual, int line, const char* message) {
  if (!holds) {
    PrintFailure(line);
    std::printf(": Expected ");
    Print(expected);
    std::printf(" Was ");
    Print(actual);
    Leave(message, ". ");
  }
}

template <typename T>
void RequireElement(bool holds, std::size_t index, T expected, T actual, int line,
                    const char* message) {
  if (!holds) {
    PrintFailure(line);
    std::printf(": Element %zu Expected ", index);
    Print(expected);
    std::printf(" Was ");
    Print(actual);
    Leave(message, ". ");
  }
}

template <typename T>
void RequireRelation(bool holds, const char* relation, T threshold, T actual, int line,
                     const char* message) {
  if (!holds) {
    PrintFailure(line);
    std::printf(": Expected ");
    Print(actual);
    std::printf(" to be %s ", relation);
    Print(threshold);
    Leave(message, ". ");
  }
}

// Unity's rule: equal infinities and two NaNs are within any delta.
inline bool IsWithin(float delta, float expected, float actual) {
  if (std::isnan(expected) || std::isnan(actual)) {
    return std::isnan(expected) && std::isnan(actual);
  }
  if (std::isinf(expected) && expected == actual) {
    return true;
  }
  const float difference = std::fabs(actual - expected);
  return std::isfinite(difference) && difference <= std::fabs(delta);
}
template <typename T>
bool IsWithin(std::uint64_t delta, T expected, T actual) {
  const auto high = static_cast<std::uint64_t>(expected > actual ? expected : actual);
  const auto low = static_cast<std::uint64_t>(expected > actual ? actual : expected);
  return high - low <= delta;
}
inline bool IsEqual(float expected, float actual) {
  return IsWithin(expected * 0.00001f, expected, actual);
}
inline bool IsEqual(std::int64_t expected, std::int64_t actual) { return expected == actual; }
inline bool IsEqual(std::uint64_t expected, std::uint64_t actual) { return expected == actual; }

inline void RequireWithin(float delta, float expected, float actual, int line,
                          const char* message) {
  RequireExpected(IsWithin(delta, expected, actual), expected, actual, line, message);
}
template <typename T>
void RequireWithin(std::uint64_t delta, T expected, T actual, int line, const char* message) {
  if (!IsWithin(delta, expected, actual)) {
    PrintFailure(line);
    std::printf(": Values Not Within Delta ");
    Print(delta);
    std::printf(" Expected ");
    Print(expected);
    std::printf(" Was ");
    Print(actual);
    Leave(message, ". ");
  }
}

inline void RequireNotEmpty(std::size_t count, int line) {
  if (count == 0) {
    Fail(line, "You Asked Me To Compare Nothing, Which Was Pointless.");
  }
}

template <typename Narrow, typename E, typename A>
void RequireEqualArray(const E* expected, const A* actual, std::size_t count, int line,
                       const char* message) {
  RequireNotEmpty(count, line);
  for (std::size_t i = 0; i < count; ++i) {
    const auto want = Widen<Narrow>(expected[i]);
    const auto got = Widen<Narrow>(actual[i]);
    RequireElement(IsEqual(want, got), i, want, got, line, message);
  }
}

inline void RequireWithinArray(float delta, const float* expected, const float* actual,
                               std::size_t count, int line, const char* message) {
  RequireNotEmpty(count, line);
  for (std::size_t i = 0; i < count; ++i) {
    RequireElement(IsWithin(delta, expected[i], actual[i]), i, expected[i], actual[i], line,
                   message);
  }
}

inline void RequireEqualString(const char* expected, const char* actual, std::size_t length,
                               int line, const char* message) {
  const bool same = expected == nullptr || actual == nullptr
                        ? expected == actual
                        : length == SIZE_MAX ? std::strcmp(expected, actual) == 0
                                             : std::strncmp(expected, actual, length) == 0;
  RequireExpected(same, expected, actual, line, message);
}

inline void RequireEqualMemory(const void* expected, const void* actual, std::size_t length,
                               int line, const char* message) {
  RequireNotEmpty(length, line);
  const auto* want = static_cast<const unsigned char*>(expected);
  const auto* got = static_cast<const unsigned char*>(actual);
  for (std::size_t i = 0; i < length; ++i) {
    if (want[i] != got[i]) {
      PrintFailure(line);
      std::printf(": Memory Mismatch. Byte %zu Expected 0x%02X Was 0x%02X", i, want[i], got[i]);
      Leave(message, ". ");
    }
  }
}

inline void Begin(const char* file) {
  run = Run{};
  run.file = file;
}

inline void RunTest(void (*test)(), const char* name, int line) {
  run.test = name;
  run.line = line;
  run.tests++;
  run.test_failed = false;
  run.test_ignored = false;
  if (setjmp(run.frame) == 0) {
    setUp();
    test();
  }
  if (setjmp(run.frame) == 0) {
    tearDown();
  }
  if (run.test_failed) {
    run.failures++;
  } else if (run.test_ignored) {
    run.ignored++;
  } else {
    PrintResult(line, "PASS");
    std::printf("\n");
  }
  std::fflush(stdout);
}

inline int End() {
  std::printf("\n-----------------------\n%u Tests %u Failures %u Ignored \n%s\n", run.tests,
              run.failures, run.ignored, run.failures == 0 ? "OK" : "FAIL");
  std::fflush(stdout);
  return static_cast<int>(run.failures);
}

}  // namespace unity_offline

// clang-format off
#define UNITY_BEGIN() unity_offline::Begin(__FILE__)
#define UNITY_END() unity_offline::End()
#define RUN_TEST(test) unity_offline::RunTest(test, #test, __LINE__)

#define TEST_FAIL() unity_offline::Fail(__LINE__, nullptr)
#define TEST_FAIL_MESSAGE(message) unity_offline::Fail(__LINE__, message)
#define TEST_IGNORE() unity_offline::Ignore(__LINE__, nullptr)
#define TEST_IGNORE_MESSAGE(message) unity_offline::Ignore(__LINE__, message)
#define TEST_PASS() unity_offline::Pass(__LINE__, nullptr)
#define TEST_PASS_MESSAGE(message) unity_offline::Pass(__LINE__, message)
#define TEST_MESSAGE(message) unity_offline::Message(__LINE__, message)

#define TEST_ASSERT(condition) unity_offline::Require(static_cast<bool>(condition), __LINE__, "Expression Evaluated To FALSE", nullptr)
#define TEST_ASSERT_MESSAGE(condition, message) unity_offline::Require(static_cast<bool>(condition), __LINE__, "Expression Evaluated To FALSE", message)
#define TEST_ASSERT_TRUE(condition) unity_offline::Require(static_cast<bool>(condition), __LINE__, "Expected TRUE Was FALSE", nullptr)
#define TEST_ASSERT_TRUE_MESSAGE(condition, message) unity_offline::Require(static_cast<bool>(condition), __LINE__, "Expected TRUE Was FALSE", message)
#define TEST_ASSERT_FALSE(condition) unity_offline::Require(!(condition), __LINE__, "Expected FALSE Was TRUE", nullptr)
#define TEST_ASSERT_FALSE_MESSAGE(condition, message) unity_offline::Require(!(condition), __LINE__, "Expected FALSE Was TRUE", message)
#define TEST_ASSERT_NULL(pointer) unity_offline::Require((pointer) == nullptr, __LINE__, "Expected NULL", nullptr)
#define TEST_ASSERT_NULL_MESSAGE(pointer, message) unity_offline::Require((pointer) == nullptr, __LINE__, "Expected NULL", message)
#define TEST_ASSERT_NOT_NULL(pointer) unity_offline::Require((pointer) != nullptr, __LINE__, "Expected Non-NULL", nullptr)
#define TEST_ASSERT_NOT_NULL_MESSAGE(pointer, message) unity_offline::Require((pointer) != nullptr, __LINE__, "Expected Non-NULL", message)

// Both sides are cast to the type named, as Unity does it (EQUAL alone is EQUAL_INT).
// Not for test/shared: _INT64 and _UINT64, which Unity has on 64-bit computers only.
#define TEST_ASSERT_EQUAL(expected, actual) UNITY_OFFLINE_EQUAL(std::int64_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::int64_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_INT(expected, actual) UNITY_OFFLINE_EQUAL(std::int64_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_INT_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::int64_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_INT8(expected, actual) UNITY_OFFLINE_EQUAL(std::int8_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_INT8_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::int8_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_INT16(expected, actual) UNITY_OFFLINE_EQUAL(std::int16_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_INT16_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::int16_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_INT32(expected, actual) UNITY_OFFLINE_EQUAL(std::int32_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_INT32_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::int32_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_INT64(expected, actual) UNITY_OFFLINE_EQUAL(std::int64_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_INT64_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::int64_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_UINT(expected, actual) UNITY_OFFLINE_EQUAL(std::uint64_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_UINT_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::uint64_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_UINT8(expected, actual) UNITY_OFFLINE_EQUAL(std::uint8_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_UINT8_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::uint8_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_UINT16(expected, actual) UNITY_OFFLINE_EQUAL(std::uint16_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_UINT16_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::uint16_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_UINT32(expected, actual) UNITY_OFFLINE_EQUAL(std::uint32_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_UINT32_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::uint32_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_UINT64(expected, actual) UNITY_OFFLINE_EQUAL(std::uint64_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_UINT64_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::uint64_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_size_t(expected, actual) UNITY_OFFLINE_EQUAL(std::size_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_size_t_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(std::size_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_FLOAT(expected, actual) UNITY_OFFLINE_EQUAL(float, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_FLOAT_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL(float, expected, actual, message)
#define TEST_ASSERT_NOT_EQUAL(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_INT(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_INT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_INT8(threshold, actual) UNITY_OFFLINE_RELATION(std::int8_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_INT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int8_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_INT16(threshold, actual) UNITY_OFFLINE_RELATION(std::int16_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_INT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int16_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_INT32(threshold, actual) UNITY_OFFLINE_RELATION(std::int32_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_INT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int32_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_INT64(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_INT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_UINT(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_UINT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_UINT8(threshold, actual) UNITY_OFFLINE_RELATION(std::uint8_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_UINT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint8_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_UINT16(threshold, actual) UNITY_OFFLINE_RELATION(std::uint16_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_UINT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint16_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_UINT32(threshold, actual) UNITY_OFFLINE_RELATION(std::uint32_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_UINT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint32_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_UINT64(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_UINT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_size_t(threshold, actual) UNITY_OFFLINE_RELATION(std::size_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_size_t_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::size_t, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_NOT_EQUAL_FLOAT(threshold, actual) UNITY_OFFLINE_RELATION(float, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, nullptr)
#define TEST_ASSERT_NOT_EQUAL_FLOAT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(float, !unity_offline::IsEqual(t_, a_), "not equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_INT(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_INT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_INT8(threshold, actual) UNITY_OFFLINE_RELATION(std::int8_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_INT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int8_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_INT16(threshold, actual) UNITY_OFFLINE_RELATION(std::int16_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_INT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int16_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_INT32(threshold, actual) UNITY_OFFLINE_RELATION(std::int32_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_INT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int32_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_INT64(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_INT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_UINT(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_UINT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_UINT8(threshold, actual) UNITY_OFFLINE_RELATION(std::uint8_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_UINT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint8_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_UINT16(threshold, actual) UNITY_OFFLINE_RELATION(std::uint16_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_UINT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint16_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_UINT32(threshold, actual) UNITY_OFFLINE_RELATION(std::uint32_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_UINT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint32_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_UINT64(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_UINT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_size_t(threshold, actual) UNITY_OFFLINE_RELATION(std::size_t, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_size_t_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::size_t, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_GREATER_THAN_FLOAT(threshold, actual) UNITY_OFFLINE_RELATION(float, a_ > t_, "greater than", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_THAN_FLOAT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(float, a_ > t_, "greater than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_INT(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_INT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_INT8(threshold, actual) UNITY_OFFLINE_RELATION(std::int8_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_INT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int8_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_INT16(threshold, actual) UNITY_OFFLINE_RELATION(std::int16_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_INT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int16_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_INT32(threshold, actual) UNITY_OFFLINE_RELATION(std::int32_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_INT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int32_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_INT64(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_INT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_UINT(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_UINT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_UINT8(threshold, actual) UNITY_OFFLINE_RELATION(std::uint8_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_UINT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint8_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_UINT16(threshold, actual) UNITY_OFFLINE_RELATION(std::uint16_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_UINT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint16_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_UINT32(threshold, actual) UNITY_OFFLINE_RELATION(std::uint32_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_UINT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint32_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_UINT64(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_UINT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_size_t(threshold, actual) UNITY_OFFLINE_RELATION(std::size_t, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_size_t_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::size_t, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_LESS_THAN_FLOAT(threshold, actual) UNITY_OFFLINE_RELATION(float, a_ < t_, "less than", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_THAN_FLOAT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(float, a_ < t_, "less than", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT8(threshold, actual) UNITY_OFFLINE_RELATION(std::int8_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int8_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT16(threshold, actual) UNITY_OFFLINE_RELATION(std::int16_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int16_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT32(threshold, actual) UNITY_OFFLINE_RELATION(std::int32_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int32_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT64(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_INT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT8(threshold, actual) UNITY_OFFLINE_RELATION(std::uint8_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint8_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT16(threshold, actual) UNITY_OFFLINE_RELATION(std::uint16_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint16_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT32(threshold, actual) UNITY_OFFLINE_RELATION(std::uint32_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint32_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT64(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_UINT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_size_t(threshold, actual) UNITY_OFFLINE_RELATION(std::size_t, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_size_t_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::size_t, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_GREATER_OR_EQUAL_FLOAT(threshold, actual) UNITY_OFFLINE_RELATION(float, a_ >= t_, "greater than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_GREATER_OR_EQUAL_FLOAT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(float, a_ >= t_, "greater than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_INT(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_INT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_INT8(threshold, actual) UNITY_OFFLINE_RELATION(std::int8_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_INT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int8_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_INT16(threshold, actual) UNITY_OFFLINE_RELATION(std::int16_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_INT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int16_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_INT32(threshold, actual) UNITY_OFFLINE_RELATION(std::int32_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_INT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int32_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_INT64(threshold, actual) UNITY_OFFLINE_RELATION(std::int64_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_INT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::int64_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT8(threshold, actual) UNITY_OFFLINE_RELATION(std::uint8_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT8_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint8_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT16(threshold, actual) UNITY_OFFLINE_RELATION(std::uint16_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT16_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint16_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT32(threshold, actual) UNITY_OFFLINE_RELATION(std::uint32_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT32_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint32_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT64(threshold, actual) UNITY_OFFLINE_RELATION(std::uint64_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_UINT64_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::uint64_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_size_t(threshold, actual) UNITY_OFFLINE_RELATION(std::size_t, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_size_t_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(std::size_t, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_LESS_OR_EQUAL_FLOAT(threshold, actual) UNITY_OFFLINE_RELATION(float, a_ <= t_, "less than or equal to", threshold, actual, nullptr)
#define TEST_ASSERT_LESS_OR_EQUAL_FLOAT_MESSAGE(threshold, actual, message) UNITY_OFFLINE_RELATION(float, a_ <= t_, "less than or equal to", threshold, actual, message)
#define TEST_ASSERT_INT_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int64_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_INT_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int64_t, delta, expected, actual, message)
#define TEST_ASSERT_INT8_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int8_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_INT8_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int8_t, delta, expected, actual, message)
#define TEST_ASSERT_INT16_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int16_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_INT16_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int16_t, delta, expected, actual, message)
#define TEST_ASSERT_INT32_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int32_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_INT32_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int32_t, delta, expected, actual, message)
#define TEST_ASSERT_INT64_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int64_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_INT64_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::int64_t, delta, expected, actual, message)
#define TEST_ASSERT_UINT_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint64_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_UINT_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint64_t, delta, expected, actual, message)
#define TEST_ASSERT_UINT8_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint8_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_UINT8_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint8_t, delta, expected, actual, message)
#define TEST_ASSERT_UINT16_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint16_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_UINT16_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint16_t, delta, expected, actual, message)
#define TEST_ASSERT_UINT32_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint32_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_UINT32_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint32_t, delta, expected, actual, message)
#define TEST_ASSERT_UINT64_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint64_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_UINT64_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::uint64_t, delta, expected, actual, message)
#define TEST_ASSERT_size_t_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(std::uint64_t, std::size_t, delta, expected, actual, nullptr)
#define TEST_ASSERT_size_t_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(std::uint64_t, std::size_t, delta, expected, actual, message)
#define TEST_ASSERT_FLOAT_WITHIN(delta, expected, actual) UNITY_OFFLINE_WITHIN(float, float, delta, expected, actual, nullptr)
#define TEST_ASSERT_FLOAT_WITHIN_MESSAGE(delta, expected, actual, message) UNITY_OFFLINE_WITHIN(float, float, delta, expected, actual, message)

#define TEST_ASSERT_EQUAL_HEX8(expected, actual) UNITY_OFFLINE_EQUAL_HEX(std::uint8_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_HEX8_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL_HEX(std::uint8_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_HEX16(expected, actual) UNITY_OFFLINE_EQUAL_HEX(std::uint16_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_HEX16_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL_HEX(std::uint16_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_HEX32(expected, actual) UNITY_OFFLINE_EQUAL_HEX(std::uint32_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_HEX32_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL_HEX(std::uint32_t, expected, actual, message)
#define TEST_ASSERT_EQUAL_PTR(expected, actual) UNITY_OFFLINE_EQUAL_HEX(std::uintptr_t, expected, actual, nullptr)
#define TEST_ASSERT_EQUAL_PTR_MESSAGE(expected, actual, message) UNITY_OFFLINE_EQUAL_HEX(std::uintptr_t, expected, actual, message)

#define TEST_ASSERT_EQUAL_INT_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::int64_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_INT_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::int64_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_INT8_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::int8_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_INT8_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::int8_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_INT16_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::int16_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_INT16_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::int16_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_INT32_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::int32_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_INT32_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::int32_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_INT64_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::int64_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_INT64_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::int64_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_UINT_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::uint64_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_UINT_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::uint64_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_UINT8_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::uint8_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_UINT8_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::uint8_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_UINT16_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::uint16_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_UINT16_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::uint16_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_UINT32_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::uint32_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_UINT32_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::uint32_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_UINT64_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::uint64_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_UINT64_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::uint64_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_size_t_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<std::size_t>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_size_t_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<std::size_t>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_EQUAL_FLOAT_ARRAY(expected, actual, count) unity_offline::RequireEqualArray<float>(expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_FLOAT_ARRAY_MESSAGE(expected, actual, count, message) unity_offline::RequireEqualArray<float>(expected, actual, count, __LINE__, message)
#define TEST_ASSERT_FLOAT_ARRAY_WITHIN(delta, expected, actual, count) unity_offline::RequireWithinArray(delta, expected, actual, count, __LINE__, nullptr)
#define TEST_ASSERT_FLOAT_ARRAY_WITHIN_MESSAGE(delta, expected, actual, count, message) unity_offline::RequireWithinArray(delta, expected, actual, count, __LINE__, message)
#define TEST_ASSERT_FLOAT_IS_NAN(actual) unity_offline::Require(std::isnan(actual), __LINE__, "Expected NaN", nullptr)
#define TEST_ASSERT_FLOAT_IS_NAN_MESSAGE(actual, message) unity_offline::Require(std::isnan(actual), __LINE__, "Expected NaN", message)
#define TEST_ASSERT_FLOAT_IS_NOT_NAN(actual) unity_offline::Require(!std::isnan(actual), __LINE__, "Expected Not NaN", nullptr)
#define TEST_ASSERT_FLOAT_IS_NOT_NAN_MESSAGE(actual, message) unity_offline::Require(!std::isnan(actual), __LINE__, "Expected Not NaN", message)
#define TEST_ASSERT_FLOAT_IS_INF(actual) unity_offline::Require(std::isinf(actual) && (actual) > 0, __LINE__, "Expected Infinity", nullptr)
#define TEST_ASSERT_FLOAT_IS_INF_MESSAGE(actual, message) unity_offline::Require(std::isinf(actual) && (actual) > 0, __LINE__, "Expected Infinity", message)
#define TEST_ASSERT_FLOAT_IS_NEG_INF(actual) unity_offline::Require(std::isinf(actual) && (actual) < 0, __LINE__, "Expected Negative Infinity", nullptr)
#define TEST_ASSERT_FLOAT_IS_NEG_INF_MESSAGE(actual, message) unity_offline::Require(std::isinf(actual) && (actual) < 0, __LINE__, "Expected Negative Infinity", message)
#define TEST_ASSERT_FLOAT_IS_DETERMINATE(actual) unity_offline::Require(std::isfinite(actual), __LINE__, "Expected Determinate", nullptr)
#define TEST_ASSERT_FLOAT_IS_DETERMINATE_MESSAGE(actual, message) unity_offline::Require(std::isfinite(actual), __LINE__, "Expected Determinate", message)

#define TEST_ASSERT_EQUAL_STRING(expected, actual) unity_offline::RequireEqualString(expected, actual, SIZE_MAX, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_STRING_MESSAGE(expected, actual, message) unity_offline::RequireEqualString(expected, actual, SIZE_MAX, __LINE__, message)
#define TEST_ASSERT_EQUAL_STRING_LEN(expected, actual, length) unity_offline::RequireEqualString(expected, actual, length, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_STRING_LEN_MESSAGE(expected, actual, length, message) unity_offline::RequireEqualString(expected, actual, length, __LINE__, message)
#define TEST_ASSERT_EQUAL_MEMORY(expected, actual, length) unity_offline::RequireEqualMemory(expected, actual, length, __LINE__, nullptr)
#define TEST_ASSERT_EQUAL_MEMORY_MESSAGE(expected, actual, length, message) unity_offline::RequireEqualMemory(expected, actual, length, __LINE__, message)

#define UNITY_OFFLINE_EQUAL(type, expected, actual, message) \
  do { const auto e_ = unity_offline::Widen<type>(expected); const auto a_ = unity_offline::Widen<type>(actual); \
    unity_offline::RequireExpected(unity_offline::IsEqual(e_, a_), e_, a_, __LINE__, message); } while (false)
#define UNITY_OFFLINE_EQUAL_HEX(type, expected, actual, message) \
  do { const unity_offline::Hex e_{(type)(expected), 2 * sizeof(type)}; const unity_offline::Hex a_{(type)(actual), 2 * sizeof(type)}; \
    unity_offline::RequireExpected(e_.value == a_.value, e_, a_, __LINE__, message); } while (false)
#define UNITY_OFFLINE_RELATION(type, relation, text, threshold, actual, message) \
  do { const auto t_ = unity_offline::Widen<type>(threshold); const auto a_ = unity_offline::Widen<type>(actual); \
    unity_offline::RequireRelation(relation, text, t_, a_, __LINE__, message); } while (false)
#define UNITY_OFFLINE_WITHIN(delta_type, type, delta, expected, actual, message) \
  unity_offline::RequireWithin((delta_type)(delta), unity_offline::Widen<type>(expected), \
    unity_offline::Widen<type>(actual), __LINE__, message)
// clang-format on
