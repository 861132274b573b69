"""The long run through brand where planners see it: with what it rests on, and bands alone where it is assumed."""

from dataclasses import replace
from io import StringIO

import altair as alt
import numpy as np
import pytest
from builders import make_artifact
from rich.console import Console
from serving.test_report import Page, subject_of

from mmm.artifact import ResponseArtifact, seal
from mmm.long_run import IndicatorInfo, LongRunDraws, LongRunInfo, SlowCurveInfo
from mmm.long_run_figures import long_run_figures
from service.answers import curves_answer
from service.cli.curve_page import curve_page
from service.language import Reader
from service.report.page import page, report_of


def with_long_run(language: str = "en") -> ResponseArtifact:
    """A measured long run of television, an assumed one of video, and an indicator read in every second week."""
    plain = make_artifact(draws=40, periods=120, language=language)
    rng, curve = np.random.default_rng(2), np.ones((40, 2))
    read = (np.arange(120) % 2 == 0).astype(float)
    info = LongRunInfo(
        carryover_periods=78,
        curves=(
            SlowCurveInfo(
                channel="tv", evidence="measured", saturation="michaelis_menten", indicator="fame", contraction=0.4
            ),
            SlowCurveInfo(channel="video", evidence="assumed", saturation="michaelis_menten"),
        ),
        indicators=(IndicatorInfo(name="fame", kind="survey", readings=60, years=2.3, reliability=0.8, is_used=True),),
        elasticity_contraction=0.5,
    )
    draws = LongRunDraws(
        retention=0.94 * curve,
        half_saturation=20_000.0 * curve,
        slope=curve,
        ceiling=100.0 * rng.lognormal(sigma=0.3, size=(40, 2)),
        readings=(0.3 * read)[:, None],
        weights=read[:, None],
        level=np.stack([np.full((120, 1), level) for level in (0.3, 0.28, 0.32)]),
    )
    return seal(plain.manifest.model_copy(update={"long_run": info}), replace(plain.draws, long_run=draws))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_tells_the_long_run_with_its_evidence_and_its_indicator(language: str) -> None:
    subject = subject_of(with_long_run(language), language)
    shown = Page(page(report_of(subject), subject.reader))
    spec = shown.charts["indicator-0"]
    alt.Chart.from_dict(spec, validate=True)
    points = [row for row in spec["datasets"]["periods"] if "actual" in row]
    assert len(points) == 60
    (measured,) = [row for row in shown.rows if row and row[-1].startswith(("Measured:", "实测："))]
    (assumed,) = [row for row in shown.rows if row and row[-1].startswith(("Assumed, not", "假设，"))]
    assert (measured[0], assumed[0]) == ("tv", "video")
    assert "(" not in assumed[2]


def test_curves_keep_an_assumed_long_run_apart_and_without_a_mean() -> None:
    artifact = with_long_run()
    answer = curves_answer(artifact, subject_of(artifact, "en").curves)
    plain = curves_answer(make_artifact(draws=40, periods=120), answer.channels)
    tv, video = answer.long_run
    assert (tv.evidence, video.evidence) == ("measured", "assumed")
    assert tv.contribution.mean == pytest.approx(long_run_figures(artifact)[0].contribution.mean)
    assert video.contribution.mean is None
    assert video.roas is not None
    assert video.roas.mean is None
    assert answer.contributions == plain.contributions
    assert plain.long_run == ()
    console = Console(width=120, record=True, file=StringIO())
    console.print(*curve_page(answer, "", Reader("en", "EUR"), 120))
    text = console.export_text()
    assert "measured" in text
    assert " to " in next(line for line in text.splitlines() if line.startswith("video") and "assumed" in line)


def test_what_the_long_run_brings_is_counted_until_its_stock_has_faded() -> None:
    artifact = with_long_run()
    (tv, _) = long_run_figures(artifact)
    (early, _) = long_run_figures(artifact, slice(0, 1))
    assert early.contribution.mean > 0
    assert tv.spend == pytest.approx(artifact.draws.spend[-52:, 0].sum())
    assert tv.roas is not None
    assert tv.roas.mean == pytest.approx(40.0 * tv.contribution.mean / tv.spend)
