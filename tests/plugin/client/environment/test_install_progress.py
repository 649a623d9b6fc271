"""Progress and remaining time from the output of installers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_plugin.client.environment.install_progress import DownloadMeter

MB = 1e6


class SteppedClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_there_is_no_estimate_before_the_first_download() -> None:
    clock = SteppedClock()
    meter = DownloadMeter(100 * MB, clock)
    clock.now += 60
    assert (meter.fraction, meter.seconds_left) == (0, None)


def test_a_download_of_pip_counts_while_it_arrives() -> None:
    clock = SteppedClock()
    meter = DownloadMeter(100 * MB, clock)
    clock.now += 60  # creating the environment takes time without downloads
    assert meter.take("  Downloading https://index/torch-2.13.0-cp311-none-any.whl (50.0 MB)")
    assert not meter.take("Progress 25000000 of 50000000")
    clock.now += 10
    assert meter.fraction == pytest.approx(0.25 * 0.8)
    assert meter.seconds_left == pytest.approx(30)
    meter.take("  Downloading b-1-py3-none-any.whl (10 kB)")
    assert meter.fraction == pytest.approx(0.5 * 0.8)


def test_a_download_of_uv_counts_when_it_is_complete() -> None:
    meter = DownloadMeter(100 * 1024**2)
    meter.take("Downloading torch (40.0MiB)")
    assert meter.fraction == 0
    meter.take(" Downloaded torch")
    assert meter.fraction == pytest.approx(0.4 * 0.8)


def test_local_files_count_as_done_but_not_for_the_download_rate(tmp_path: Path) -> None:
    clock = SteppedClock()
    meter = DownloadMeter(100 * MB, clock)
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(bytes(5_000_000))
    meter.take(f"Processing {tmp_path}/a-1-py3-none-any.whl")
    meter.take("Using cached torch-2.13.0.whl (45.0 MB)")
    assert meter.fraction == pytest.approx(0.4)
    meter.take("Downloading b.whl (25.0 MB)")
    meter.take("Downloading c.whl (1.0 MB)")
    clock.now += 10
    assert meter.seconds_left == pytest.approx(10)


def test_a_file_that_is_named_twice_counts_once() -> None:
    meter = DownloadMeter(100 * MB)
    for verb in ("Downloading", "Using cached", "Downloading"):
        meter.take(f"{verb} torch.whl (50.0 MB)")
    meter.take("Successfully installed torch")
    assert meter.fraction == pytest.approx(0.4)


def test_a_few_small_files_give_no_estimate() -> None:
    clock = SteppedClock()
    meter = DownloadMeter(100 * MB, clock)
    meter.take("Downloading a.whl (10 kB)")
    clock.now += 10
    meter.take("Downloading b.whl (10 kB)")
    assert meter.seconds_left is None


def test_more_bytes_than_expected_do_not_exceed_the_whole() -> None:
    clock = SteppedClock()
    meter = DownloadMeter(10 * MB, clock)
    meter.take("Downloading torch.whl (500.0 MB)")
    meter.take("Progress 400000000 of 500000000")
    meter.take("Installing collected packages: a, b")
    clock.now += 10
    assert meter.fraction < 1
    assert meter.seconds_left == 0
