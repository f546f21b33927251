"""docs/adding-a-sensor.md, typed in: what it says compiles, and keeps its promises."""

import shutil
import subprocess
import sys
from pathlib import Path

import page_files
import pytest
from conftest import PROJECT, copy_project

PAGE = PROJECT / "docs" / "adding-a-sensor.md"

# Of the headers of ESP-IDF what the driver uses, as they declare it.
HEADERS = {
    "driver/gpio.h": """
        #include "esp_timer.h"
        enum gpio_num_t : int {};
        enum gpio_mode_t { GPIO_MODE_INPUT = 1 };
        enum gpio_int_type_t { GPIO_INTR_NEGEDGE = 2 };
        struct gpio_config_t {
          uint64_t pin_bit_mask; gpio_mode_t mode; int pull_up_en, pull_down_en;
          gpio_int_type_t intr_type;
        };
        #define ESP_INTR_FLAG_IRAM (1 << 10)
        esp_err_t gpio_install_isr_service(int flags);
        esp_err_t gpio_config(const gpio_config_t* config);
        esp_err_t gpio_isr_handler_add(gpio_num_t number, void (*handler)(void*), void* argument);
    """,
    "esp_attr.h": "#define IRAM_ATTR",
    "esp_timer.h": """
        #pragma once
        #include <cstdint>
        using esp_err_t = int;
        constexpr esp_err_t ESP_OK = 0;
        #define ESP_ERROR_CHECK_WITHOUT_ABORT(x) (x)
        using esp_timer_handle_t = struct esp_timer*;
        struct esp_timer_create_args_t {
          void (*callback)(void*); void* arg; int dispatch_method; const char* name;
          bool skip_unhandled_events;
        };
        esp_err_t esp_timer_create(const esp_timer_create_args_t* args, esp_timer_handle_t* timer);
        esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period);
        int64_t esp_timer_get_time();
    """,
    "esp_bit_defs.h": "",
    "sdkconfig.h": "#define CONFIG_IDF_TARGET_ESP32 1",
    "soc/soc_caps.h": """
        #define SOC_GPIO_VALID_GPIO_MASK 0xffffffffffULL
        #define SOC_GPIO_VALID_OUTPUT_GPIO_MASK 0xffffffffffULL
    """,
    "freertos/FreeRTOS.h": "#include <cstdint>",
    "freertos/task.h": """
        using TaskHandle_t = struct task*;
        constexpr int pdTRUE = 1;
        constexpr uint32_t portMAX_DELAY = 0xffffffff;
        void xTaskNotifyGive(TaskHandle_t task);
        uint32_t ulTaskNotifyTake(int clear, uint32_t ticks);
        TaskHandle_t xTaskGetCurrentTaskHandle();
    """,
}

# What main_esp32.cpp does with a driver.
USE = """
#include "PulseInput.h"
using namespace anomaly;
constexpr float kGains[] = {1.0f};
template <typename Config>
constexpr Config kConfig = {.gains = kGains};
using Driver = PulseInput;
static_assert(Driver::CanRead(kConfig<Driver::Config>, 1));
void Use() {
  static Driver input(kConfig<Driver::Config>, 1, 1000000);
  input.Begin();
  const SystemFigure figure = input.Figure();
  input.Start();
  SampleInput& samples = input;
  samples.Wait();
  samples.Release();
  static_cast<void>(figure);
}
"""


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
def test_its_driver_is_one_that_the_firmware_can_use(tmp_path: Path) -> None:
    for name, text in HEADERS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    written = {name: text for name, text in page_files.of(PAGE) if name.startswith("lib/")}
    for name, text in written.items():
        (tmp_path / Path(name).name).write_text(text)
    (tmp_path / "Use.cpp").write_text(USE)
    rooms = [PROJECT / "lib" / room / "src" for room in ("Signal", "Platform", "Inputs", "Esp32")]
    includes = [f"-I{folder}" for folder in (tmp_path, *rooms)]
    flags = ["-std=gnu++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
    sources = [tmp_path / "PulseInput.cpp", tmp_path / "Use.cpp"]
    subprocess.run(["g++", *flags, *includes, *sources], check=True)


def test_its_test_and_those_of_all_profiles_pass(tmp_path: Path) -> None:
    copy = copy_project(tmp_path / "project")
    for folder in ("docs", "examples"):
        shutil.copytree(PROJECT / folder, copy / folder)
    python = [sys.executable, "-m"]
    with page_files.laid_into(copy, PAGE):
        page = "docs/writing-a-profile.md"
        subprocess.run([*python, "project.profile.describe", page], cwd=copy, check=True)
        tests = "test/test_python/test_profiles.py"
        done = subprocess.run(
            [*python, "pytest", "-q", "-p", "no:cacheprovider", tests],
            cwd=copy,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
    assert "`pulses`" in (copy / page).read_text("utf-8")
