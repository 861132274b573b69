"""market.toml and scenarios of a simulated market as text, with comments for readers who write their own."""

import json
import math
from datetime import date

from mmm.simulation.outlook import Outlook
from mmm.simulation.truth import SimulatedMarket
from mmm.simulation.worlds import Words
from mmm.spec import ChannelSpec, MarketSpec
from mmm.vocabulary import Language

TARGET_PROBABILITY = 0.8
"""Probability with which the sample target is to be reached."""
TOTAL_STRETCH = 1.05
"""A target on totals is what this multiple of last year's spend, split at its best, truly reaches."""
INCREMENTAL_STRETCH = 0.8
"""A target on increments is this part of what last year's spend, split at its best, truly brings."""

_COMMENTS = {
    "market": Words(
        "Simulated by mixplan: a market whose truth is known (truth.json). Write your own after this example.",
        "mixplan 模拟的市场，真实情况见 truth.json。可照此样例编写自己的市场文件。",
    ),
    "period": Words("day | week | month | quarter | year", "day 日 | week 周 | month 月 | quarter 季 | year 年"),
    "business": Words("b2b | b2c: sets the usual brand share", "b2b 或 b2c：决定品牌占比的预设"),
    "outcome": Words("what is to be explained and planned", "要解释、要规划的结果指标"),
    "value": Words("money that one unit is worth", "每单位价值（金额）"),
    "channels": Words(
        "paid channels: role brand | performance; stage need | search | evaluation | purchase | post_purchase",
        "付费渠道：role 为 brand 品牌或 performance 效果；stage 为购买旅程五阶段：\n"
        "# need 需求唤起、search 信息搜集、evaluation 方案评估、purchase 购买、post_purchase 购后",
    ),
    "controls": Words("what else moves the outcome and is not media", "媒体以外影响结果的因素"),
    "organic": Words("media that cost nothing", "不花媒体费用的自有内容"),
    "indicators": Words(
        "what shows how strong the brand is: an outcome of brand media, never a control",
        "反映品牌强弱的指标：它是品牌投放的结果，不作控制变量",
    ),
    "events": Words("a span of weeks with a level of its own", "一次性事件"),
    "plan": Words(
        "How to split what was spent in the same weeks of last year?", "与去年同期相同的预算，怎样分配最好？"
    ),
    "size": Words("How much money does this target need?", "完成这个目标需要多少预算？（目标任务法）"),
    "split": Words("preset: brand share from {low} to {high}", "预设：品牌占比 {low} 至 {high}"),
    "total": Words("all that will be sold, with and without media", "总量：含自然基线与媒体带来的量"),
    "incremental": Words("what this plan's media add", "增量：仅指本方案媒体带来的量"),
}


def market_text(spec: MarketSpec) -> str:
    """The content of market.toml."""
    language = spec.market.language
    header, columns, outcome = spec.market, spec.columns, spec.outcomes[0]
    lines = [
        _comment("market", language),
        "[market]",
        _entry("name", header.name),
        _entry("data", header.data),
        _entry("period", header.period, _words("period", language)),
        _entry("currency", header.currency),
        _entry("language", header.language),
        _entry("business", str(header.business), _words("business", language)),
        "",
        "[columns]",
        _entry("date", columns.date),
        *([_entry("geo", columns.geo)] if columns.geo else []),
        *([_entry("population", columns.population)] if columns.population else []),
        "",
        _comment("outcome", language),
        "[[outcomes]]",
        _entry("name", outcome.name),
        _entry("column", outcome.column),
        _entry("unit", outcome.unit),
        _entry("stage", outcome.stage),
        f"value_per_unit = {outcome.value_per_unit}  # {_words('value', language)}",
        "",
        _comment("channels", language),
    ]
    for channel in spec.channels:
        lines += [*_channel_lines(channel), ""]
    lines.append(_comment("controls", language))
    for control in spec.controls:
        lines += ["[[controls]]", _entry("name", control.name), _entry("column", control.column), ""]
    for medium in spec.organic:
        lines += [
            _comment("organic", language),
            "[[organic]]",
            _entry("name", medium.name),
            _entry("column", medium.column),
            _entry("adstock", medium.adstock),
            _entry("saturation", medium.saturation),
            "",
        ]
    for indicator in spec.indicators:
        lines += [
            _comment("indicators", language),
            "[[indicators]]",
            _entry("name", indicator.name),
            _entry("column", str(indicator.column)),
            _entry("kind", indicator.kind),
            "",
        ]
    for event in spec.events:
        lines += [
            _comment("events", language),
            "[[events]]",
            _entry("name", event.name),
            f"start = {event.start.isoformat()}",
            f"periods = {event.periods}",
            "",
        ]
    return "\n".join(lines)


def plan_text(simulated: SimulatedMarket, outlook: Outlook) -> str:
    """A scenario that splits last year's spend of the same periods."""
    title = Words("{quarter} at last year's spend", "{quarter} 按去年同期预算")
    budget = f"budget = {float(outlook.reference_spend.sum())}"
    return "\n".join([*_scenario_head(simulated, outlook, "plan", "maximize", title, budget), ""])


def size_text(simulated: SimulatedMarket, outlook: Outlook) -> str:
    """A scenario that asks for the smallest budget of a target, which is in reach of the truth."""
    language = simulated.market.spec.market.language
    outcome = simulated.market.spec.outcomes[0]
    counts = "incremental" if simulated.truth.business == "b2b" else "total"
    title = Words("{quarter} target", "{quarter} 目标任务")
    return "\n".join(
        [
            *_scenario_head(simulated, outlook, "size", "size", title, None),
            "",
            "[[tasks]]",
            _entry("kpi", outcome.name),
            _entry("stage", outcome.stage),
            f"at_least = {sample_target(outlook, counts)}",
            _entry("counts", counts, _words(counts, language)),
            f"probability = {TARGET_PROBABILITY}",
            "",
        ]
    )


def sample_target(outlook: Outlook, counts: str) -> int:
    """A target in reach, to three digits, rounded down."""
    budget = float(outlook.reference_spend.sum())
    if counts == "total":
        target = outlook.reached(outlook.best(TOTAL_STRETCH * budget, outlook.band), TARGET_PROBABILITY)
    else:
        target = INCREMENTAL_STRETCH * outlook.best(budget, outlook.band).incremental
    step = int(10 ** max(0, math.floor(math.log10(target)) - 2))
    return max(1, math.floor(target / step) * step)


def _scenario_head(
    simulated: SimulatedMarket, outlook: Outlook, comment: str, objective: str, title: Words, budget: str | None
) -> list[str]:
    spec = simulated.market.spec
    language = spec.market.language
    low, high = outlook.band
    return [
        _comment(comment, language),
        _entry("name", title.of(language).format(quarter=_quarter(outlook.start, language))),
        _entry("market", spec.market.name),
        _entry("kpi", spec.outcomes[0].name),
        _entry("objective", objective),
        *([budget] if budget else []),
        _entry(
            "business", simulated.truth.business, _words("split", language).format(low=f"{low:.0%}", high=f"{high:.0%}")
        ),
        "",
        "[horizon]",
        f"start = {outlook.start.isoformat()}",
        f"periods = {outlook.periods}",
        "",
        "[reference]",
        _entry("kind", "last_year"),
        "",
        "[flighting]",
        _entry("pattern", "even"),
    ]


def _channel_lines(channel: ChannelSpec) -> list[str]:
    fields = {
        "name": channel.name,
        "spend": channel.spend,
        "role": channel.role,
        "stage": channel.stage,
        "scene": channel.scene,
        "department": channel.department,
        "adstock": channel.adstock,
        "saturation": channel.saturation,
    }
    return ["[[channels]]", *(_entry(key, value) for key, value in fields.items() if value is not None)]


def _quarter(start: date, language: Language) -> str:
    quarter = (start.month + 2) // 3
    return f"{start.year} 年第 {quarter} 季度" if language == "zh" else f"Q{quarter} {start.year}"


def _entry(key: str, value: str, comment: str | None = None) -> str:
    # A JSON string is a valid TOML basic string.
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    return f"{line}  # {comment}" if comment else line


def _comment(key: str, language: Language) -> str:
    return f"# {_words(key, language)}"


def _words(key: str, language: Language) -> str:
    return _COMMENTS[key].of(language)
