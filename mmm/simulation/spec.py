"""What market.toml says of a simulated market."""

from mmm.manifest import EventInfo
from mmm.simulation.setting import Setting
from mmm.simulation.worlds import ORGANIC_ADSTOCK, ORGANIC_SATURATION, Words
from mmm.spec import (
    ChannelSpec,
    Columns,
    ControlSpec,
    EventSpec,
    MarketHeader,
    MarketSpec,
    OrganicSpec,
    OutcomeSpec,
)

WEEK_COLUMN = Words("week", "周")
GEO_COLUMN = Words("region", "大区")
POPULATION_COLUMN = Words("population", "人口")
SPEND_SUFFIX = Words("_spend", "花费")


def simulated_spec(setting: Setting, event: EventInfo, name: str) -> MarketSpec:
    """The meaning of a simulated market's columns, in its language."""
    world, language = setting.world, setting.language
    is_panel = len(setting.geos) > 1
    outcome = world.outcome.of(language)
    return MarketSpec(
        market=MarketHeader(
            name=name,
            data=f"{name}.csv",
            period="week",
            currency="CNY" if language == "zh" else "USD",
            language=language,
            business=world.kind,
        ),
        columns=Columns(
            date=WEEK_COLUMN.of(language),
            geo=GEO_COLUMN.of(language) if is_panel else None,
            population=POPULATION_COLUMN.of(language) if is_panel else None,
        ),
        outcomes=(
            OutcomeSpec(
                name=outcome,
                column=outcome,
                unit=world.unit.of(language),
                stage=world.outcome_stage,
                value_per_unit=setting.value,
            ),
        ),
        channels=tuple(
            ChannelSpec(
                name=channel.name.of(language),
                spend=f"{channel.name.of(language)}{SPEND_SUFFIX.of(language)}",
                role=channel.role,
                stage=channel.stage,
                scene=channel.scene,
                department=channel.department.of(language),
                adstock=channel.adstock,
                saturation=channel.saturation,
            )
            for channel in world.channels
        ),
        controls=tuple(
            ControlSpec(name=control.name.of(language), column=control.name.of(language)) for control in world.controls
        ),
        organic=()
        if world.organic is None
        else (
            OrganicSpec(
                name=world.organic.of(language),
                column=world.organic.of(language),
                adstock=ORGANIC_ADSTOCK,
                saturation=ORGANIC_SATURATION,
            ),
        ),
        events=(EventSpec(name=event.name, start=setting.weeks[event.start], periods=event.periods),),
    )
