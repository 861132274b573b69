"""The report in a real browser: every chart is drawn, nothing is complained about, and it fits a window and a phone."""

from pathlib import Path

import pytest
from browser import PROGRAM, shown
from builders import CHANNELS, make_artifact
from serving.test_report import HOSTILE, subject_of

from service.report.page import page, report_of

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")


@pytest.mark.parametrize(
    ("language", "names", "width"),
    [
        ("en", ("TV", "Social", "Out of home & radio", "Search"), 1200),
        ("zh", ("电视广告", "小红书种草", HOSTILE, "百度搜索"), 420),
    ],
)
def test_every_chart_is_drawn_and_the_page_fits(
    tmp_path: Path, language: str, names: tuple[str, ...], width: int
) -> None:
    channels = tuple(info.model_copy(update={"name": name}) for info, name in zip(CHANNELS, names, strict=True))
    subject = subject_of(make_artifact(draws=30, periods=60, channels=channels, language=language), language)
    report = report_of(subject)
    file = tmp_path / "report.html"
    file.write_text(page(report, subject.reader), encoding="utf-8")
    seen = shown(file, tmp_path, width)
    assert seen.console == ()
    assert seen.count(r"<svg[^>]*\bclass=\"marks\"") == len(report.charts)
    assert seen.overflow <= 0
    for name in names:
        assert name in seen.text
