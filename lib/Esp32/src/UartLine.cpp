#include "UartLine.h"

#include "driver/uart.h"

// ESP-IDF has set UART0 up for its own messages before our first line; the driver takes it over as
// it is, so that nothing on its way out is cut.
static_assert(CONFIG_ESP_CONSOLE_UART_NUM == 0 && CONFIG_ESP_CONSOLE_UART_BAUDRATE == 115200,
              "sdkconfig: the console must be UART0 at 115200 baud");

namespace {
constexpr uart_port_t kUart = UART_NUM_0;
constexpr int kReceiveBuffer = 1024;
}  // namespace

void UartLine::Begin() {
  ESP_ERROR_CHECK_WITHOUT_ABORT(uart_driver_install(kUart, kReceiveBuffer, 0, 0, nullptr, 0));
}

void UartLine::Write(const char* text, size_t size) { uart_write_bytes(kUart, text, size); }

int UartLine::ReadByte() {
  uint8_t byte = 0;
  return uart_read_bytes(kUart, &byte, 1, 0) == 1 ? byte : -1;
}
