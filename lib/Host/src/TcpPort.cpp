#include <cstdio>

#include "OutputQueue.h"
#include "SerialPort.h"

// The two socket interfaces differ in a few names only.
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
using Socket = SOCKET;
using Length = int;
#define poll WSAPoll
static void CloseSocket(Socket socket) { closesocket(socket); }
static void SetNonBlocking(Socket socket) {
  u_long on = 1;
  ioctlsocket(socket, FIONBIO, &on);
}
static bool WouldBlock() { return WSAGetLastError() == WSAEWOULDBLOCK; }
static void StartSockets() {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
}
static constexpr int kSendFlags = 0;
#else
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
using Socket = int;
using Length = size_t;
static constexpr Socket INVALID_SOCKET = -1;
static void CloseSocket(Socket socket) { close(socket); }
static void SetNonBlocking(Socket socket) { fcntl(socket, F_SETFL, O_NONBLOCK); }
static bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
static void StartSockets() {}
#ifdef MSG_NOSIGNAL
static constexpr int kSendFlags = MSG_NOSIGNAL;
#else
static constexpr int kSendFlags = 0;
#endif
#endif

namespace anomaly {

namespace {

class TcpPort final : public SerialPort {
 public:
  explicit TcpPort(Socket listener) : listener_(listener) {}
  ~TcpPort() override {
    Disconnect();
    CloseSocket(listener_);
  }
  TcpPort(const TcpPort&) = delete;
  TcpPort& operator=(const TcpPort&) = delete;

  void Write(const char* text, size_t size) override {
    Accept();
    if (client_ == INVALID_SOCKET) return;
    output_.Add(text, size);
    Send();
  }

  int ReadByte() override {
    Accept();
    if (position_ == filled_ && !Receive()) return -1;
    return static_cast<unsigned char>(input_[position_++]);
  }

  void Wait(int milliseconds) override {
    Send();
    pollfd sockets[2] = {};
    sockets[0].fd = listener_;
    sockets[0].events = POLLIN;
    sockets[1].fd = client_;
    sockets[1].events = static_cast<short>(output_.size() > 0 ? POLLIN | POLLOUT : POLLIN);
    poll(sockets, client_ == INVALID_SOCKET ? 1 : 2, milliseconds);
    Accept();
    Send();
  }

 private:
  void Accept() {
    const Socket arrived = accept(listener_, nullptr, nullptr);
    if (arrived == INVALID_SOCKET) return;
    // The present client may have left without our noticing: look before turning one away.
    if (client_ != INVALID_SOCKET && position_ == filled_) Receive();
    if (client_ != INVALID_SOCKET) {
      CloseSocket(arrived);
      return;
    }
    client_ = arrived;
    SetNonBlocking(client_);
  }

  bool Receive() {
    if (client_ == INVALID_SOCKET) return false;
    const auto got = recv(client_, input_, static_cast<Length>(sizeof(input_)), 0);
    position_ = 0;
    filled_ = got > 0 ? static_cast<size_t>(got) : 0;
    if (got == 0 || (got < 0 && !WouldBlock())) Disconnect();
    return filled_ > 0;
  }

  void Send() {
    while (client_ != INVALID_SOCKET && output_.size() > 0) {
      const auto sent =
          send(client_, output_.data(), static_cast<Length>(output_.size()), kSendFlags);
      if (sent <= 0) {
        if (sent < 0 && !WouldBlock()) Disconnect();
        return;
      }
      output_.Drop(static_cast<size_t>(sent));
    }
  }

  void Disconnect() {
    if (client_ != INVALID_SOCKET) CloseSocket(client_);
    client_ = INVALID_SOCKET;
    output_.Clear();
    position_ = filled_ = 0;
  }

  Socket listener_;
  Socket client_ = INVALID_SOCKET;
  OutputQueue output_;
  char input_[1024];
  size_t position_ = 0;
  size_t filled_ = 0;
};

}  // namespace

std::unique_ptr<SerialPort> OpenTcpPort(int port) {
  StartSockets();
  const Socket listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
#ifndef _WIN32
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
#endif
  auto* name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (listener == INVALID_SOCKET || bind(listener, name, size) != 0 || listen(listener, 4) != 0 ||
      getsockname(listener, name, &size) != 0) {
    std::fprintf(stderr,
                 "cannot listen on TCP port %d: it is in use or not allowed; give another\n", port);
    if (listener != INVALID_SOCKET) CloseSocket(listener);
    return nullptr;
  }
  SetNonBlocking(listener);
  std::fprintf(stderr, "[board] serial on socket://localhost:%d\n", ntohs(address.sin_port));
  return std::make_unique<TcpPort>(listener);
}

}  // namespace anomaly
