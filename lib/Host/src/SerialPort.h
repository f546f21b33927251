// A virtual board's serial line. None of the ports ever blocks the sampling: what a slow or absent
// reader does not take is dropped.
#pragma once

#include <cstddef>
#include <memory>

namespace anomaly {

class SerialPort {
 public:
  virtual ~SerialPort() = default;

  virtual void Write(const char* text, size_t size) = 0;
  virtual int ReadByte() = 0;  // 0..255, or -1 when nothing waits

  // Gives the line time to move bytes: returns after `milliseconds` at most, earlier when something
  // arrived.
  virtual void Wait(int milliseconds) = 0;
};

// Standard input and output. Reading begins at once, in a thread of its own; returns when the input
// has ended, or after `patience_ms`. With patience, and nothing at all to read by then, nullptr.
std::unique_ptr<SerialPort> OpenStdioPort(int patience_ms);

// Listens on 127.0.0.1:`port` (0: any free one; says which on stderr) and serves one client at a
// time; a second one is turned away as from a busy port. nullptr after a message on stderr.
std::unique_ptr<SerialPort> OpenTcpPort(int port);

// A pseudo-terminal whose name is `link`, a symbolic link that is removed at the end. nullptr after
// a message on stderr; always on Windows, which has none.
std::unique_ptr<SerialPort> OpenPtyPort(const char* link);

}  // namespace anomaly
