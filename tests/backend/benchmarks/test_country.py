"""A cluster is as fast as its slowest stage, which changes with its size."""

from __future__ import annotations

import pytest

from benchmarks.country import SimulatedCluster, cluster_rate, table

STAGES = {"read": 0.01, "encode": 0.05, "decode": 0.14, "write": 0.0001}


def test_cores_share_reading_and_the_model() -> None:
    rate, bottleneck = cluster_rate(SimulatedCluster("two cores", 2), STAGES)
    assert rate == pytest.approx(2 / 0.2)
    assert bottleneck == "decode"


def test_the_slowest_stage_depends_on_the_size() -> None:
    clusters = [
        SimulatedCluster("a", 16),
        SimulatedCluster("b", 16, 1, 200),
        SimulatedCluster("c", 16, 8, 200),
        SimulatedCluster("d", 10_000, 500, 200),
    ]
    assert [cluster_rate(cluster, STAGES)[1] for cluster in clusters[1:]] == ["decode", "read", "write"]
    rates = [cluster_rate(cluster, STAGES)[0] for cluster in clusters]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(10_000)


def test_the_table_names_every_stage_and_cluster() -> None:
    text = table(STAGES)
    assert all(f"| {stage} |" in text for stage in STAGES)
    assert "10^8 tiles" in text
