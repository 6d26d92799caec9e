"""Distances on the earth."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.geo import EARTH_RADIUS_KM, EVERYWHERE, KM_A_DEGREE, Place, distance_km, is_within

places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
DEGREE_KM = 111.19508  # 2 π · 6371.0088 / 360


def distance(one, other):
    """Return the distance of two places in km."""
    return distance_km(*map(float, (*one, *other)))


def on_the_ball(latitude, longitude):
    """Return the point as a vector of length 1 from the middle of the earth."""
    north, east = math.radians(latitude), math.radians(longitude)
    return np.array([math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)])


def naive(one, other):
    """Return the distance from the angle between the two vectors, by sine and cosine."""
    a, b = on_the_ball(*one), on_the_ball(*other)
    return EARTH_RADIUS_KM * math.atan2(np.linalg.norm(np.cross(a, b)), a @ b)


@given(places, places)
def test_the_distance_is_the_angle_between_two_points_times_the_radius(one, other):
    # Near antipodes the haversine loses half its digits: 1e-8 of the radius, some 60 m.
    assert distance(one, other) == pytest.approx(naive(one, other), rel=1e-9, abs=0.5)


radii = st.sampled_from([0.0, 1.0, 80.0, 5_000.0, 20_100.0]) | st.floats(0, 20_100)


@given(places, places, radii)
def test_within_a_place_is_what_is_no_further_away_than_its_radius(here, there, radius_km):
    assert is_within(Place(*here, radius_km), *there) == (distance(there, here) <= radius_km)


@given(places, st.floats(-90, 90))
def test_no_place_is_nearer_than_its_latitude_tells(here, latitude):
    assert distance(here, (latitude, here[1])) >= abs(here[0] - latitude) * KM_A_DEGREE - 1e-6


def test_the_radius_is_the_mean_radius_of_the_earth():
    assert EARTH_RADIUS_KM == 6371.0088


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((0, 0), (1, 0), DEGREE_KM),
        ((0, 0), (0, 1), DEGREE_KM),
        ((60, 10), (60, 11), 55.59701),  # a degree of longitude at 60° is nearly half of one at the equator
        ((-17, 179.9), (-17, -179.9), 21.26728),  # 0.2° · cos 17°, over the date line
        ((90, 0), (-90, 77), 180 * DEGREE_KM),
        ((90, 12), (90, -100), 0),  # every longitude meets at the pole
        ((39.1, -84.5), (39.1, -84.5), 0),
    ],
)
def test_known_distances(one, other, km):
    assert distance(one, other) == pytest.approx(km, abs=1e-3)
    assert distance(other, one) == pytest.approx(km, abs=1e-3)


def test_antipodes_are_half_way_round_although_rounding_overshoots():
    # In binary the haversine of these two is 1.0000000000000002.
    assert distance((8.0, 0.0), (-8.0, -180.0)) == pytest.approx(math.pi * EARTH_RADIUS_KM)


def test_places_a_metre_apart_are_a_metre_apart():
    assert distance((39.1, -84.5), (39.1 + 0.001 / DEGREE_KM, -84.5)) == pytest.approx(0.001, rel=1e-6)


def test_a_place_that_is_not_known_has_no_distance():
    assert math.isnan(distance((math.nan, math.nan), (0, 0)))
    assert math.isnan(distance((0, 0), (math.nan, math.nan)))


@pytest.mark.parametrize("there", [(0.0, 0.0), (-90.0, 180.0), (math.nan, math.nan)])
def test_a_place_without_an_end_is_everywhere_and_nowhere_too(there):
    assert is_within(EVERYWHERE, *there)
    assert is_within(Place(12.0, 34.0, math.inf), *there)


def test_what_is_nowhere_is_within_no_other_place():
    assert not is_within(Place(0.0, 0.0, 20_100.0), math.nan, math.nan)
    assert not is_within(Place(0.0, 0.0, 20_100.0), 0.0, math.nan)


def test_the_edge_of_a_place_is_inside_it():
    edge = distance((0, 0), (1, 0))
    assert is_within(Place(0.0, 0.0, edge), 1.0, 0.0)
    assert not is_within(Place(0.0, 0.0, math.nextafter(edge, 0)), 1.0, 0.0)


def test_a_place_reaches_over_the_date_line():
    assert is_within(Place(-17.0, 179.9, 22.0), -17.0, -179.9)
    assert not is_within(Place(-17.0, 179.9, 21.0), -17.0, -179.9)
