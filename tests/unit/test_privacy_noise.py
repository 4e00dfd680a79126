"""Noise is what it says, and nothing of the value shows through it."""

import numpy as np
import pytest

from sekisho.lanes.statistics.privacy.noise import SecureNoise


def test_gaussian_and_laplace_scatter_as_asked():
    zeros = np.zeros(4000, dtype=np.int64)
    gaussian = SecureNoise().gaussian(zeros, float(2**30)) / 2**30
    laplace = SecureNoise().laplace(zeros, float(2**30)) / 2**30
    assert gaussian.std() == pytest.approx(1, abs=0.08)
    assert abs(gaussian.mean()) < 0.09
    assert np.abs(laplace).mean() == pytest.approx(1, abs=0.12)


def test_a_table_keeps_its_shape_and_an_empty_one_stays_empty():
    assert SecureNoise().gaussian(np.zeros((3, 4), dtype=np.int64), 2.0).shape == (3, 4)
    assert SecureNoise().gaussian(np.zeros(0, dtype=np.int64), 2.0).size == 0


def test_two_draws_differ():
    zeros = np.zeros(8, dtype=np.int64)
    draw = SecureNoise()
    assert (draw.gaussian(zeros, 2.0**30) != draw.gaussian(zeros, 2.0**30)).any()
