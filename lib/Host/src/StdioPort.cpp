#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

#include "SerialPort.h"

namespace anomaly {

namespace {

// Shared with a thread that blocks in a read, perhaps until the program ends: the last of the two
// that lets go destroys it.
struct Input {
  std::mutex mutex;
  std::condition_variable changed;
  char bytes[65536];
  size_t head = 0;
  size_t tail = 0;
  bool ended = false;
};

void ReadForever(const std::shared_ptr<Input>& input) {
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    std::unique_lock<std::mutex> lock(input->mutex);
    input->changed.wait(lock, [&] { return input->head - input->tail < sizeof(input->bytes); });
    input->bytes[input->head++ % sizeof(input->bytes)] = static_cast<char>(c);
    input->changed.notify_all();
  }
  const std::lock_guard<std::mutex> lock(input->mutex);
  input->ended = true;
  input->changed.notify_all();
}

class StdioPort final : public SerialPort {
 public:
  StdioPort() : input_(std::make_shared<Input>()) { std::thread(ReadForever, input_).detach(); }

  void Write(const char* text, size_t size) override { std::fwrite(text, 1, size, stdout); }

  int ReadByte() override {
    const std::lock_guard<std::mutex> lock(input_->mutex);
    if (input_->head == input_->tail) return -1;
    const auto byte =
        static_cast<unsigned char>(input_->bytes[input_->tail++ % sizeof(input_->bytes)]);
    input_->changed.notify_all();
    return byte;
  }

  void Wait(int milliseconds) override {
    std::fflush(stdout);
    std::unique_lock<std::mutex> lock(input_->mutex);
    input_->changed.wait_for(lock, std::chrono::milliseconds(milliseconds),
                             [&] { return input_->head != input_->tail; });
  }

  // Waits for the end of the input, in vain after `milliseconds`. False: nothing came.
  bool WaitForEnd(int milliseconds) {
    std::unique_lock<std::mutex> lock(input_->mutex);
    input_->changed.wait_for(lock, std::chrono::milliseconds(milliseconds),
                             [&] { return input_->ended; });
    return input_->head != input_->tail;
  }

 private:
  std::shared_ptr<Input> input_;
};

}  // namespace

std::unique_ptr<SerialPort> OpenStdioPort(int patience_ms) {
  auto port = std::make_unique<StdioPort>();
  if (patience_ms > 0 && !port->WaitForEnd(patience_ms)) return nullptr;
  return port;
}

}  // namespace anomaly
