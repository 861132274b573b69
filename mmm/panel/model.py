"""The model of a panel as a PyMC model, with each geo's base and effects integrated out: the specification.

    outcome_gt = columns_gt @ (c + d_g) + Σ_m (1 + z_gm) ceiling_m saturation(adstock(exposure_gm))_t + noise_gt

per head and in national means, with c, d_g and z_g normal; of media with reach and frequency people respond to their
geo's frequency before the carryover. All geos and periods together are one normal vector, whose covariance is written
out here: exact, and too slow for more than a few geos. `mmm.kernel.panel_density` is what is sampled.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from mmm.adstock import lagged_exposure
from mmm.model import Curves
from mmm.panel.design import GeoTest, PanelDesign
from mmm.panel.parameters import linear_prior, panel_prior, panel_structure, panel_target
from mmm.priors import Priors, excess_share_density
from mmm.vocabulary import FloatArray


def build_panel(design: PanelDesign, priors: Priors) -> pm.Model:
    """The panel's density of the sampled parameters."""
    structure, prior, linear = panel_structure(design), panel_prior(design, priors), linear_prior(design, priors)
    geos, periods, _ = design.exposure.shape
    seen = np.flatnonzero(design.national.observed > 0)
    with pm.Model() as model:
        parameters = pm.MvNormal("parameters", prior.location, cov=prior.covariance, shape=structure.size)
        by_block = {name: parameters[block] for name, block in structure.blocks.items()}
        pm.Potential("share_below_one", excess_share_density(pt.exp(by_block["log_share"]).sum()))
        lags = design.national.carryover_periods
        lagged = np.concatenate([lagged_exposure(series, lags) for series in design.exposure])
        frequency = np.concatenate([_lagged_frequency(design, geo) for geo in range(geos)])
        curves = Curves(structure, lags, parameters, lagged, frequency, np.repeat(design.size, periods))
        effect, pooling = pt.exp(by_block["log_effect_spread"][0]), pt.exp(by_block["log_pooling"][0])
        bend = pt.exp(by_block["log_bend_spread"][0])
        common = pt.as_tensor(linear.common) * (1.0 + linear.bends * (bend - 1.0))
        local = (
            pt.as_tensor(linear.local) * (1.0 + linear.bends * (bend - 1.0)) * (1.0 + linear.pooled * (pooling - 1.0))
        )
        columns = design.columns[:, seen]
        stacked = pt.as_tensor(columns.reshape(geos * len(seen), -1)) * common
        covariance = stacked @ stacked.T
        residual = []
        blocks = []
        for geo in range(geos):
            brought = curves.contribution[geo * periods : (geo + 1) * periods][seen]
            residual.append(pt.as_tensor(panel_target(design, priors)[geo, seen]) - brought.sum(axis=1))
            noise = pt.exp(by_block["log_noise"][0] - by_block["noise_exponent"][0] * np.log(design.size[geo]))
            own = pt.concatenate([pt.as_tensor(columns[geo]) * local, brought * design.varies * effect], axis=1)
            blocks.append(own @ own.T + noise**2 * pt.eye(len(seen)))
        covariance = covariance + pt.linalg.block_diag(*blocks)
        density = pm.logp(pm.MvNormal.dist(np.zeros(geos * len(seen)), cov=covariance), pt.concatenate(residual))
        pm.Potential("outcome", density)
        for number, test in enumerate(design.tests):
            scale = design.national.outcome_scale
            measured = pm.Normal.dist(_increment(design, curves, test), test.standard_error / scale)
            pm.Potential(f"lift_test_{number}", pm.logp(measured, test.estimate / scale))
    return model


def _lagged_frequency(design: PanelDesign, geo: int) -> FloatArray:
    """Frequency in a geo in the present and each earlier period, one before the first. Shape (T, M, L)."""
    return lagged_exposure(design.frequency[geo] - 1.0, design.national.carryover_periods) + 1.0


def _increment(design: PanelDesign, curves: Curves, test: GeoTest) -> Any:
    """What a test's change of spend brought by the country's curves, in national mean outcomes."""
    geos, periods, _ = design.exposure.shape
    total: Any = 0.0
    for geo, without in zip(test.geos, test.exposure_without, strict=True):
        changed = design.exposure[geo].copy()
        changed[test.start : test.start + len(without), test.medium] = without
        lagged = lagged_exposure(changed, design.national.carryover_periods)
        brought = curves.contribution[geo * periods : (geo + 1) * periods, test.medium]
        without_test = curves.reached(lagged, _lagged_frequency(design, geo)) * curves.ceiling
        difference = brought - without_test[:, test.medium]
        total = total + difference[test.start : test.start + test.measured].sum() * design.size[geo] / geos
    return total
