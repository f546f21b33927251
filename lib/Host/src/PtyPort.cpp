#include <cstdio>

#include "OutputQueue.h"
#include "SerialPort.h"

#ifdef _WIN32

namespace anomaly {

std::unique_ptr<SerialPort> OpenPtyPort(const char*) {
  std::fprintf(stderr, "Windows has no pseudo-terminals; use --serial tcp:PORT\n");
  return nullptr;
}

}  // namespace anomaly

#else

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace anomaly {

namespace {

class PtyPort final : public SerialPort {
 public:
  // `slave` stays open, so that the master does not hang up when a client leaves.
  PtyPort(int master, int slave, const char* link) : master_(master), slave_(slave), link_(link) {}
  ~PtyPort() override {
    unlink(link_.c_str());
    close(master_);
    close(slave_);
  }
  PtyPort(const PtyPort&) = delete;
  PtyPort& operator=(const PtyPort&) = delete;

  void Write(const char* text, size_t size) override {
    // Nobody reads: the newest lines are worth more than the oldest.
    if (!output_.Add(text, size)) {
      output_.Clear();
      tcflush(slave_, TCIFLUSH);
      output_.Add(text, size);
    }
    Send();
  }

  int ReadByte() override {
    char byte = 0;
    return read(master_, &byte, 1) == 1 ? static_cast<unsigned char>(byte) : -1;
  }

  void Wait(int milliseconds) override {
    Send();
    pollfd descriptor = {master_,
                         static_cast<short>(output_.size() > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    poll(&descriptor, 1, milliseconds);
    Send();
  }

 private:
  void Send() {
    while (output_.size() > 0) {
      const ssize_t sent = write(master_, output_.data(), output_.size());
      if (sent <= 0) return;
      output_.Drop(static_cast<size_t>(sent));
    }
  }

  int master_;
  int slave_;
  std::string link_;
  OutputQueue output_;
};

std::unique_ptr<SerialPort> Fail(const char* what, const char* name) {
  std::fprintf(stderr, "%s %s: %s\n", what, name, std::strerror(errno));
  return nullptr;
}

}  // namespace

std::unique_ptr<SerialPort> OpenPtyPort(const char* link) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    return Fail("cannot open", "a pseudo-terminal");
  }
  const char* name = ptsname(master);
  const int slave = name == nullptr ? -1 : open(name, O_RDWR | O_NOCTTY);
  termios settings = {};
  if (slave < 0 || tcgetattr(slave, &settings) != 0)
    return Fail("cannot open", "a pseudo-terminal");
  // Raw, as a UART is: no echo, no line editing.
  cfmakeraw(&settings);
  tcsetattr(slave, TCSANOW, &settings);
  fcntl(master, F_SETFL, O_NONBLOCK);
  // A link that an earlier run left behind is replaced, anything else is not touched.
  struct stat status = {};
  if (lstat(link, &status) == 0 && S_ISLNK(status.st_mode)) unlink(link);
  if (symlink(name, link) != 0) return Fail("cannot make the link", link);
  std::fprintf(stderr, "[board] serial on %s\n", link);
  return std::make_unique<PtyPort>(master, slave, link);
}

}  // namespace anomaly

#endif
