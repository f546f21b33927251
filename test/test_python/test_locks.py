"""A lock that another process holds is waited for; a disk that knows none is told at once."""

import errno
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from conftest import load_piow

from project.errors import UserError
from training import files

Windows = Callable[..., ModuleType]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    """training/files.py as Windows runs it; its locks fail with these errors, one after the other,
    then succeed."""

    def load(*errors: int) -> ModuleType:
        left = list(errors)

        def locking(handle: int, mode: int, count: int) -> None:
            if left:
                raise OSError(left.pop(0), "as Windows says it")

        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
        spec = importlib.util.spec_from_file_location("files_on_windows", files.__file__)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None))
        return module

    return load


def test_windows_waits_for_a_lock_that_another_holds(
    windows: Windows, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with windows(errno.EACCES, errno.EDEADLK).lock(tmp_path / "lock", "another is running"):
        assert capsys.readouterr().out == "another is running; waiting for it to end\n"


@pytest.mark.parametrize("errors", [(errno.EINVAL,), (errno.EACCES, errno.EINVAL)])
def test_windows_does_not_wait_on_a_disk_without_locks(
    windows: Windows, tmp_path: Path, errors: tuple[int, ...]
) -> None:
    lock = windows(*errors).lock(tmp_path / "lock", "another is running")
    with pytest.raises(UserError, match="this disk knows no locks"), lock:
        pass


def test_piow_does_not_wait_on_a_disk_without_locks_either(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piow = load_piow(project / "piow")

    def locking(handle: int, mode: int, count: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    with pytest.raises(piow.UserError, match=r"knows no locks \(Invalid argument\)"):
        piow.try_to_lock(0)
