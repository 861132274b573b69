"""The identity of what a fit was asked to do, so that the same fit is not done twice."""

import hashlib
import json

from mmm.market import Market

MODEL_VERSION = 3
"""Raised whenever the same market and seed would be fitted to different draws."""


def spec_digest(market: Market) -> str:
    """sha256 of the model's version and of what market.toml says about the fit, in hexadecimal."""
    document = market.spec.model_dump(mode="json", exclude={"market": {"data"}, "refit": True})
    text = json.dumps([MODEL_VERSION, document], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
