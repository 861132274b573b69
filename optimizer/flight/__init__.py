"""Flighting: how much each channel spends in each period, chosen together with the split."""
