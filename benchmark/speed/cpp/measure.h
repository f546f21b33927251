// What the programs of the bench share: they time batches of calls and print a line a batch, which
// benchmark/speed/measured.py reads.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>

// The compiler must take it that `data` is read here, so that work is not left out.
inline void Use(const void* data) { __asm__ volatile("" : : "r"(data) : "memory"); }

// "time NAME NANOSECONDS", a line for each batch of `calls` calls of work(0), work(1), ...
template <typename Work>
void Measure(const char* name, int batches, int calls, Work work) {
  using Clock = std::chrono::steady_clock;
  int call = 0;
  for (int i = 0; i < calls; ++i) work(call++);  // warm caches
  for (int batch = 0; batch < batches; ++batch) {
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) work(call++);
    const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
    std::printf("time %s %.3f\n", name, elapsed.count() / calls);
  }
}

// "values NAME VALUE ...", to be compared between programs.
template <typename Value, size_t kRows, size_t kColumns>
void PrintValues(const char* name, const Value (&rows)[kRows][kColumns]) {
  std::printf("values %s", name);
  for (const auto& row : rows) {
    for (const Value value : row) std::printf(" %.9g", static_cast<double>(value));
  }
  std::printf("\n");
}

inline int Batches(int argc, char** argv) { return argc > 1 ? std::atoi(argv[1]) : 1; }
