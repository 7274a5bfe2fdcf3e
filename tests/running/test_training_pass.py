"""Layout, autocast and compilation of the pass of training: rounding apart, they change nothing but the speed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from support import needed

from bench.augment import UNCHANGED
from bench.errors import ConfigError
from bench.example import example_data
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner
from bench.modules.network import Forward, Network
from bench.net import Net
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.recipe import OneCycle, Train
from bench.streams import Streams
from bench.train import train
from bench.training_pass import Pass, laid_out, training_pass

PLAIN = Train(epochs=4, batch_size=8, schedule=OneCycle(max_lr=0.05))
BFLOAT16 = replace(PLAIN, autocast="bfloat16")
CHANNELS_LAST = replace(PLAIN, channels_last=True)
COMPILED = replace(PLAIN, compile=True)
NETS = [MLP(8, 1), WideResNet(2, 1)]


def fit_of(precision: torch.dtype = torch.float32, device: str = "cpu") -> Fit:
    data = example_data()
    labelled = Labelled(data.x_pool[:20].to(device, precision), data.y_pool[:20].to(device), data.classes)
    return Fit(labelled, None, TaskLoss(), Streams(0), 0, UNCHANGED)


def built(net: Net, precision: torch.dtype = torch.float32) -> Network:
    found = net.build((1, 6, 6), 3)
    found.initialise(torch.Generator().manual_seed(0))
    return found.to(precision)


def state(net: Net, recipe: Train, fit: Fit) -> dict[str, torch.Tensor]:
    return NetworkLearner(net, recipe).fit(fit).state()


def tensors(forward: Forward) -> list[torch.Tensor]:
    return [forward.logits, forward.features, *forward.stages]


@pytest.fixture
def no_onednn() -> Iterator[None]:
    """torch's own kernels: oneDNN's for bfloat16 end the process on some machines whose CPU promises to have it."""
    with torch.backends.mkldnn.flags(enabled=False):
        yield


@pytest.fixture
def compiler() -> None:
    """A C++ compiler, which torch.compile needs on a CPU."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        needed("compiler", "no C++ compiler is installed (Debian: apt-get install g++)")


def test_without_options_the_pass_is_the_networks_own() -> None:
    net = built(NETS[1])
    assert training_pass(net, PLAIN, "cpu") == net.parts


@pytest.mark.parametrize("net", NETS)
def test_channels_last_trains_to_the_same_up_to_rounding(net: Net) -> None:
    fit = fit_of(torch.float64)
    plain, changed = state(net, PLAIN, fit), state(net, CHANNELS_LAST, fit)
    assert list(plain) == list(changed)
    for key in plain:
        torch.testing.assert_close(changed[key], plain[key], rtol=1e-9, atol=1e-12)


def test_training_sees_images_and_weights_channels_last(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    forward = torch.nn.Conv2d.forward

    def spy(self: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
        if self.training and min(x.shape[1:]) > 1 and self.kernel_size == (3, 3):
            seen.append(all(t.is_contiguous(memory_format=torch.channels_last) for t in (x, self.weight)))
        return forward(self, x)

    monkeypatch.setattr(torch.nn.Conv2d, "forward", spy)
    state(NETS[1], CHANNELS_LAST, fit_of())
    assert seen
    assert all(seen)


def test_images_are_laid_out_and_vectors_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    net = built(NETS[1])
    monkeypatch.setattr(net, "parts", lambda x: x)
    run = training_pass(net, CHANNELS_LAST, "cpu")
    images, vectors = torch.zeros(2, 3, 4, 5), torch.zeros(2, 3)
    assert run(images).is_contiguous(memory_format=torch.channels_last)  # type: ignore[attr-defined]
    assert run(vectors) is vectors  # type: ignore[comparison-overlap]


def test_after_training_weights_lie_as_those_of_a_new_network() -> None:
    net, fresh = built(NETS[1]), built(NETS[1])
    with laid_out(net, CHANNELS_LAST):
        name = "blocks.0.conv1.weight"
        assert net.get_parameter(name).stride() != fresh.get_parameter(name).stride()
    for mine, theirs in zip(net.parameters(), fresh.parameters(), strict=True):
        assert (mine.stride(), torch.equal(mine, theirs)) == (theirs.stride(), True)


def test_a_network_trained_channels_last_is_restored_to_the_bit() -> None:
    learner, fit, x = NetworkLearner(NETS[1], CHANNELS_LAST), fit_of(), example_data().x_test.float()
    model = learner.fit(fit)
    again = learner.restore(fit, model.state())
    assert torch.equal(again.outputs(x), model.outputs(x))
    onwards = [learner.fit(replace(fit, previous=m, cycle=1)).state() for m in (model, again)]
    assert all(torch.equal(onwards[0][key], onwards[1][key]) for key in onwards[0])


def test_autocast_is_refused_on_a_cpu() -> None:
    with pytest.raises(ConfigError, match=r"learner: train\.autocast: wanted a GPU for bfloat16; got cpu\. Set launch"):
        state(NETS[0], BFLOAT16, fit_of())


def test_autocast_is_refused_where_it_would_do_nothing() -> None:
    assert BFLOAT16.refusal("cuda", "float32") is None
    assert "wanted precision: float32 for bfloat16; got float64" in (BFLOAT16.refusal("cuda", "float64") or "")
    assert PLAIN.refusal("cpu", "float64") is None


@pytest.mark.usefixtures("no_onednn")
def test_autocast_rounds_inside_and_gives_back_the_inputs_precision() -> None:
    net, x = built(MLP(8, 2)), fit_of().labelled.x
    plain, cast = net.parts(x), training_pass(net, BFLOAT16, "cpu")(x)
    for mine, theirs in zip(tensors(cast), tensors(plain), strict=True):
        assert mine.dtype == torch.float32
        assert not torch.equal(mine, theirs)
        torch.testing.assert_close(mine, theirs, rtol=0.05, atol=0.05)
    assert torch.equal(cast.logits, cast.logits.bfloat16().float())


@pytest.mark.usefixtures("no_onednn")
def test_training_under_autocast_keeps_weights_in_full_precision_and_comes_close() -> None:
    fit, plain, cast = fit_of(), built(NETS[0]), built(NETS[0])
    start = {key: value.clone() for key, value in plain.state_dict().items()}
    train(plain, PLAIN, fit)
    train(cast, BFLOAT16, fit)
    for key, value in cast.state_dict().items():
        moved, apart = (plain.state_dict()[key] - start[key]).norm(), (plain.state_dict()[key] - value).norm()
        assert value.dtype == torch.float32
        assert 0 < apart < 0.1 * moved


@pytest.mark.usefixtures("no_onednn")
def test_autocast_ends_with_training() -> None:
    net, fit = built(NETS[0]), fit_of()
    train(net, BFLOAT16, fit)
    assert not torch.is_autocast_enabled("cpu")
    assert not torch.equal(net(fit.labelled.x), net(fit.labelled.x).bfloat16().float())


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
def test_a_compiled_pass_trains_to_the_same_up_to_rounding_and_twice_to_the_same_bits() -> None:
    fit = fit_of(torch.float64)
    plain, first, second = (state(NETS[0], recipe, fit) for recipe in (PLAIN, COMPILED, COMPILED))
    assert list(first) == list(plain)
    assert all(torch.equal(first[key], second[key]) for key in first)
    for key in plain:
        torch.testing.assert_close(first[key], plain[key], rtol=1e-9, atol=1e-12)


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
def test_a_compiled_run_goes_on_from_a_restored_model_to_the_same_bits_with_dropout() -> None:
    learner, fit = NetworkLearner(MLP(8, 1, dropout=0.3), COMPILED), fit_of()
    model = learner.fit(fit)
    onwards = learner.fit(replace(fit, previous=model, cycle=1)).state()
    resumed = learner.fit(replace(fit, previous=learner.restore(fit, model.state()), cycle=1)).state()
    assert all(torch.equal(onwards[key], resumed[key]) for key in onwards)


def test_every_fit_compiles_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def compiled(parts: Pass, dynamic: bool) -> Pass:
        done.append("compile")
        return parts

    monkeypatch.setattr(torch.compiler, "reset", lambda: done.append("reset"))
    monkeypatch.setattr(torch, "compile", compiled)
    for _ in range(2):
        state(NETS[0], COMPILED, fit_of())
    assert done == ["reset", "compile"] * 2


@pytest.mark.parametrize("recipe", [BFLOAT16, CHANNELS_LAST, replace(BFLOAT16, channels_last=True, compile=True)])
def test_on_a_gpu_the_options_come_close_to_plain_training(recipe: Train) -> None:
    if not torch.cuda.is_available():
        needed("gpu", "no GPU is here")
    fit = fit_of(device="cuda")
    plain, changed = (NetworkLearner(NETS[1], chosen).fit(fit) for chosen in (PLAIN, recipe))
    torch.testing.assert_close(changed.outputs(fit.labelled.x), plain.outputs(fit.labelled.x), rtol=0.1, atol=0.1)
