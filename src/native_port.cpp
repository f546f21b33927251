#include "native_port.h"

#include <cstdlib>
#include <cstring>

#ifdef _WIN32
#include <io.h>
#define isatty _isatty
#else
#include <unistd.h>
#endif

namespace anomaly {

int OpenPort(const Options& options, double speed, std::unique_ptr<SerialPort>* port) {
  // How long a pipe on standard input may take to say its commands, when nothing paces the run.
  constexpr int kPatienceMs = 100;
  if (options.serial == nullptr) {
    if (speed > 0.0) {
      *port = OpenStdioPort(0);
    } else if (isatty(0) == 0) {
      *port = OpenStdioPort(kPatienceMs);
    }
    return kExitOk;
  }
  if (std::strcmp(options.serial, "stdio") == 0) {
    *port = speed > 0.0 ? OpenStdioPort(0) : OpenStdioPort(kPatienceMs);
    return kExitOk;
  }
  if (std::strncmp(options.serial, "tcp:", 4) == 0) {
    char* end = nullptr;
    const long number = std::strtol(options.serial + 4, &end, 10);
    if (end == options.serial + 4 || *end != '\0' || number < 0 || number > 65535) {
      return BadUsage("--serial tcp:PORT wants a port from 0 to 65535, not ", options.serial + 4);
    }
    *port = OpenTcpPort(static_cast<int>(number));
    return *port == nullptr ? kExitInput : kExitOk;
  }
  if (std::strncmp(options.serial, "pty:", 4) == 0 && options.serial[4] != '\0') {
    *port = OpenPtyPort(options.serial + 4);
    return *port == nullptr ? kExitInput : kExitOk;
  }
  return BadUsage("--serial wants tcp:PORT, pty:LINK or stdio, not ", options.serial);
}

}  // namespace anomaly
