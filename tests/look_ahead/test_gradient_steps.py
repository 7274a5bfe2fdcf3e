"""One gradient step against its first order, and long training against the kernel's answer as width grows."""

from __future__ import annotations

import pytest
import torch
from look_ahead_cases import close
from torch.func import functional_call, grad, vmap

from bench.modules.cnn import CNNModule
from bench.modules.mlp import MLPModule
from bench.modules.network import Network
from bench.recipe import SGD, Constant, Train
from strategies.beliefs.kernel_belief import kernel_belief
from strategies.beliefs.naive import Batched
from strategies.beliefs.one_step import OneStep
from strategies.beliefs.samples import Samples
from strategies.beliefs.sgd_belief import SGDBelief, outputs_of
from strategies.beliefs.solver import by_cholesky


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def with_statistics(net: Network, x: torch.Tensor) -> Network:
    """The network at random weights, in eval mode, with BatchNorm statistics of x."""
    net.double().initialise(torch.Generator().manual_seed(1))
    net.train()
    net(x)
    return net.eval()


def jacobian(net: Network, x: torch.Tensor) -> torch.Tensor:
    """∇f of the first output at each of x (p, …): (p, P)."""
    weights = {name: parameter.detach() for name, parameter in net.named_parameters()}
    buffers = dict(net.named_buffers())

    def output(weights: dict[str, torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        return functional_call(net, (weights, buffers), (one[None],))[0, 0]

    return torch.cat([g.flatten(1) for g in vmap(grad(output), (None, 0))(weights, x).values()], dim=1)


def samples_of(x: torch.Tensor, targets: torch.Tensor) -> Samples:
    return Samples(x, targets, torch.arange(len(x)).numpy().astype("uint64"))


NETWORKS = pytest.mark.parametrize(
    ("net", "shape"),
    [(lambda: MLPModule(5, 1, 16, 2), (5,)), (lambda: CNNModule(1, 1, 3), (1, 5, 5))],
    ids=["perceptron", "convolutions and BatchNorm"],
)


@NETWORKS
def test_one_step_is_the_kernels_first_order(net, shape) -> None:  # type: ignore[no-untyped-def]
    """f⁺ − f = η [Θ(x, x')(y' − f(x')) + Θ(x, X)(Y − f(X))] + O(η²) for a step of size η on the summed ½-loss.

    The mean of squared errors over n + 1 samples is 2/(n + 1) times the summed ½-loss, so η = 2·rate/(n + 1).
    """
    n, m = 4, 3
    x, targets, label = normal(n + m, *shape), normal(n, 1, seed=2), normal(1, 1, seed=3)
    network = with_statistics(net(), x)
    with torch.no_grad():
        f = network(x)  # (n + m, 1)
    kernel = jacobian(network, x) @ jacobian(network, x).T
    everything, first = torch.arange(m), torch.tensor([0])

    def error(rate: float) -> torch.Tensor:
        samples = samples_of(x, targets)
        belief = SGDBelief(network, OneStep(network, samples, Train(), rate), samples, f[n:])
        eta = 2 * rate / (n + 1)
        predicted = eta * (kernel[n:, n : n + 1] @ (label - f[n : n + 1]) + kernel[n:, :n] @ (targets - f[:n]))
        change = belief.ahead(first, label, everything).outputs()[0] - f[n:]
        assert change.norm() > 100 * (change - predicted).norm()
        return (change - predicted).norm()

    assert error(1e-5) / error(1e-6) == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
def test_one_step_is_a_step_of_torchs_own_optimiser(loss: str) -> None:
    n, m, k = 300, 3, 4  # more than are differentiated together
    x = normal(n + m, 5)
    targets = torch.nn.functional.one_hot(torch.arange(n) % k, k).double()
    label = torch.nn.functional.one_hot(torch.tensor([2]), k).double()
    net = with_statistics(MLPModule(5, k, 8, 1), x)
    samples = samples_of(x, targets)
    weights = OneStep(net, samples, Train(loss=loss), 0.3).weights(net, samples, [[(1, label[0])]])  # type: ignore[arg-type]
    ahead = outputs_of(net, weights, x)[0]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
    inputs, wanted = torch.cat([x[:n], x[n + 1 : n + 2]]), torch.cat([targets, label])
    if loss == "squared":
        torch.nn.functional.mse_loss(net(inputs), wanted).backward()
    else:
        torch.nn.functional.cross_entropy(net(inputs), wanted.argmax(dim=1)).backward()
    optimizer.step()
    close(ahead, net(x).detach(), 1e-12)


def test_one_step_refuses_another_network_and_other_samples_than_its_own() -> None:
    x, targets = normal(4, 5), normal(3, 2)
    net, other = MLPModule(5, 2, 8, 1), MLPModule(5, 2, 8, 1)
    samples = samples_of(x, targets)
    step, added = OneStep(net, samples, Train(), 0.3), [[(0, targets[0])]]
    for given in ((other, samples), (net, samples_of(x, targets))):
        with pytest.raises(ValueError, match="the network and the samples that this step was made for"):
            step.weights(*given, added)


@pytest.mark.slow
def test_long_training_of_a_wider_network_is_nearer_to_the_kernels_answer() -> None:
    """Equation (9): small steps ∝ 1/width on the set and one more end at (11), up to O(1/√width)."""
    errors = [gap_to_kernel(width, 0) + gap_to_kernel(width, 1) for width in (32, 128, 512)]
    assert errors[1] < errors[0] / 2
    assert errors[2] < errors[1] / 2
    assert errors[2] < 0.02


def gap_to_kernel(width: int, seed: int) -> float:
    """Relative distance of really retrained outputs from the kernel's, for 4 candidates with a label each."""
    n, m, steps = 5, 4, 300
    x, targets, labels = normal(n + m, 8, seed=seed), normal(n, 1, seed=seed + 10), normal(m, 1, seed=seed + 20)
    net = MLPModule(8, 1, width, 1).double().eval()
    net.initialise(torch.Generator().manual_seed(seed))
    with torch.no_grad():
        f = net(x)
    features = jacobian(net, x)
    kernel = features @ features.T
    everything = torch.arange(m)
    rate = float((n + 1) / 2 / torch.linalg.eigvalsh(kernel).max())
    recipe = Train(
        epochs=steps,
        batch_size=n + 1,
        optimizer=SGD(momentum=0.9, weight_decay=0),
        schedule=Constant("constant", rate),
    )
    trained = SGDBelief(net, Batched(recipe), samples_of(x, targets), f[n:]).ahead(everything, labels, everything)
    belief = kernel_belief(kernel, f, targets, 1e-9 * float(kernel.diagonal().mean()), by_cholesky)
    predicted = belief.ahead(everything, labels, everything).outputs()
    return float((trained.outputs() - predicted).norm() / (predicted - f[n:]).norm())
