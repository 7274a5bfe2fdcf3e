"""Look-ahead by the kernel of the infinitely wide network: equation (11) with that kernel, of networks and of gp."""

from __future__ import annotations

from dataclasses import replace

import torch
from look_ahead_cases import BRIEF, Regression, close, fitted_view, one_hot

from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.objective import TaskLoss
from bench.streams import Streams
from bench.view import View
from strategies.beliefs.belief import Belief
from strategies.exact import Exact
from strategies.gaussian_process import GaussianProcess
from strategies.infinite_ntk import infinite_ntk
from strategies.infinite_width import InfiniteWidth
from strategies.look_ahead import LookAhead
from strategies.output_change import MLMOC

NET = MLP(8, 2)


def regression_of(view: View, prior: torch.Tensor, jitter: float) -> Regression:
    """The problem that a view poses to the analytic kernel; σ² is a share of the labelled inputs' mean diagonal."""
    kernel = infinite_ntk(NET, "flatten", torch.cat([view.labelled.x, view.candidates]))
    labels = torch.cat([view.labelled.y, torch.zeros(len(view), dtype=torch.long)])
    n = len(view.labelled)
    return Regression(kernel, prior, labels, n, jitter * float(kernel.diagonal()[:n].mean()))


def agree(belief: Belief, problem: Regression) -> None:
    everything, targets = torch.arange(8), one_hot(torch.arange(8) % 3, 3)
    close(belief.outputs, problem.refitted([]))
    ahead = belief.ahead(everything, targets, everything).outputs()
    close(ahead, torch.stack([problem.refitted([(i, targets[i])]) for i in range(8)]))
    after = belief.condition(5, targets[5]).condition(1, targets[1])
    close(after.outputs, problem.refitted([(1, targets[1]), (5, targets[5])]))


def test_a_network_is_moved_by_the_analytic_kernel() -> None:
    view = fitted_view(NetworkLearner(NET, BRIEF))
    outputs = view.model.outputs(torch.cat([view.labelled.x, view.candidates]))
    agree(InfiniteWidth(jitter=1e-3).belief(view), regression_of(view, outputs, 1e-3))


def test_a_gaussian_process_is_retrained_exactly() -> None:
    view = fitted_view(GaussianProcess(NET, noise=1e-2))
    belief = Exact().belief(view)
    close(belief.outputs, view.model.outputs(view.candidates))
    agree(belief, regression_of(view, torch.zeros(20, 3, dtype=torch.float64), 1e-2))


def test_where_its_noise_stays_a_gaussian_process_is_really_refitted() -> None:
    """The kernel's diagonal depends on the norm alone, so with inputs of one norm σ² does not change with the set."""
    view = fitted_view(GaussianProcess(NET, noise=1e-2))
    x, y = (part / part.flatten(1).norm(dim=1)[:, None, None, None] for part in (view.labelled.x, view.candidates))
    labelled = Labelled(x, view.labelled.y, 3)
    learner = view.learner
    model = learner.fit(Fit(labelled, None, TaskLoss(), Streams(0), 0))
    view = View(model, labelled, y, torch.Generator().manual_seed(0), learner, TaskLoss())
    more = Labelled(torch.cat([x, y[4:5]]), torch.cat([labelled.y, torch.tensor([2])]), 3)
    refitted = learner.fit(Fit(more, model, TaskLoss(), Streams(0), 1)).outputs(y)
    close(Exact().belief(view).condition(4, one_hot(torch.tensor(2), 3)).outputs, refitted)


def test_picks_of_an_exact_learner_do_not_depend_on_the_reference() -> None:
    """Its belief is itself: c = 0."""
    view = fitted_view(GaussianProcess(NET))
    picks = []
    for reference in ("network", "belief"):
        again = replace(view, generator=torch.Generator().manual_seed(0))
        picks.append(LookAhead(MLMOC(), Exact(), reference=reference).query(again, 4).tolist())
    assert picks[0] == picks[1]
