"""The problem on which optimizers meet their oracles: its slope is right, and it is as hard as it claims."""

import numpy as np

from laws.oracles import problem


def test_the_gradient_is_the_slope_of_the_loss():
    parts, rows = problem.start(), problem.rows_of(5)
    gradient = problem.joined(problem.loss_and_gradient(parts, rows)[1])
    flat = problem.joined(parts)
    for index in range(flat.size):
        step = np.zeros_like(flat)
        step[index] = 1e-6
        above, _ = problem.loss_and_gradient(problem.parted(flat + step), rows)
        below, _ = problem.loss_and_gradient(problem.parted(flat - step), rows)
        np.testing.assert_allclose(gradient[index], (above - below) / 2e-6, rtol=1e-6, atol=1e-9)


def test_the_problem_is_not_convex():
    """Where training starts, the loss bends downwards in some directions and upwards in others."""
    flat, every = problem.joined(problem.start()), problem.rows_of(0, None)

    def slope(place):
        return problem.joined(problem.loss_and_gradient(problem.parted(place), every)[1])

    hessian = np.array(
        [(slope(flat + unit) - slope(flat - unit)) / 2e-5 for unit in 1e-5 * np.eye(flat.size)]
    )
    bends = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    assert bends[0] < -0.05
    assert bends[-1] > 0.5


def test_gradient_descent_learns_and_stays_busy():
    course = problem.follow(
        lambda parts, slopes, loss: [p - 0.1 * g for p, g in zip(parts, slopes, strict=True)]
    )
    every = problem.rows_of(0, None)
    first, _ = problem.loss_and_gradient(problem.start(), every)
    last, slope = problem.loss_and_gradient(problem.parted(course[-1]), every)
    assert last < 0.7 * first
    assert np.linalg.norm(problem.joined(slope)) > 1e-3


def test_joining_and_parting_undo_each_other():
    parts = problem.start()
    for part, again in zip(parts, problem.parted(problem.joined(parts)), strict=True):
        np.testing.assert_array_equal(part, again)
