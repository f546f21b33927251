// Arduino as far as a sketch of docs/library.md needs it: the macros of the real one that have
// bitten libraries, a sensor that is the standard input, and a serial port that is the standard
// output.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

// Of an older core: these are functions by now.
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define abs(x) ((x) > 0 ? (x) : -(x))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x) - 0.5))

#define PI 3.14159265f
#define HALF_PI 1.57079633f
#define TWO_PI 6.28318531f
#define DEG_TO_RAD 0.01745329f
#define RAD_TO_DEG 57.2957795f
#define EULER 2.71828183f
#define SERIAL 0x0
#define DISPLAY 0x1
#define LSBFIRST 0
#define MSBFIRST 1
#define LOW 0
#define HIGH 1
#define INPUT 0
#define OUTPUT 1
#define RISING 1
#define FALLING 2
#define CHANGE 3
#define DEFAULT 1
#define EXTERNAL 0
#define INTERNAL 2
#define B0 0
#define B1 1
#define B00 0
#define B01 1
#define F(text) text
#define constrain(x, low, high) ((x) < (low) ? (low) : ((x) > (high) ? (high) : (x)))
#define radians(deg) ((deg) * DEG_TO_RAD)
#define degrees(rad) ((rad) * RAD_TO_DEG)
#define sq(x) ((x) * (x))
#define lowByte(w) ((uint8_t)((w) & 0xff))
#define highByte(w) ((uint8_t)((w) >> 8))
#define bit(b) (1UL << (b))
#define bitRead(value, bit) (((value) >> (bit)) & 0x01)
#define bitSet(value, bit) ((value) |= (1UL << (bit)))
#define _BV(b) (1UL << (b))
#define _min(a, b) ((a) < (b) ? (a) : (b))
#define word(...) makeWord(__VA_ARGS__)
#define interrupts() sei()
#define noInterrupts() cli()

typedef bool boolean;
typedef uint8_t byte;

struct FakeSerial {
  void begin(unsigned long) {}
  template <class T>
  void println(T text) {
    print(text);
    std::putchar('\n');
  }
  void print(const char* text) { std::fputs(text, stdout); }
  void print(char letter) { std::putchar(letter); }
  void print(unsigned long value) { std::printf("%lu", value); }
  void print(float value, int digits = 2) { std::printf("%.*f", digits, (double)value); }
};
inline FakeSerial Serial;

inline uint32_t analogReadMilliVolts(int) {
  unsigned value;
  if (std::scanf("%u", &value) != 1) std::exit(0);
  return value;
}
inline void delay(unsigned long) {}
inline unsigned long micros() {
  static unsigned long now = 0;
  return now += 1000;
}
