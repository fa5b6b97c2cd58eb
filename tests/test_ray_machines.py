"""A machine of a Ray cluster that is lost in the middle of a sweep."""

import threading

import pytest

from dlcli import load_config, sweep
from dlcli.machine import cpu_count

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'dlcli[ray]'")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own warnings
OVER = {"fit.batch_size": [8, 12, 16, 32], "optimizer.learning_rate": [0.01, 0.1]}
FAST = ["fit.epochs=2", "model=[{Dense: {units: 4}}, {Dense: {activation: softmax}}]"]


@pytest.fixture
def cluster():
    """Start a cluster of three machines, of which the first computes nothing."""
    from ray.cluster_utils import Cluster

    store = {"object_store_memory": 100 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **store})
    cluster.machines = [cluster.add_node(num_cpus=cpu_count(), **store) for _ in range(2)]
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def test_a_lost_machine_changes_no_bit_of_a_sweep(cluster, tmp_path):
    config = load_config("iris", FAST)
    alone = sweep(config, OVER, runs=tmp_path / "alone")
    lost = []

    def lose(trainings):
        if not lost:
            lost.append(cluster.machines[0])
            threading.Thread(
                target=cluster.remove_node, args=lost, kwargs={"allow_graceful": False}
            ).start()

    result = sweep(
        config, OVER, ray=cluster.address, threads=cpu_count(), runs=tmp_path / "runs",
        on_trained=lose,
    )  # fmt: skip

    assert lost
    assert (result.path / "trials.csv").read_bytes() == (alone.path / "trials.csv").read_bytes()
