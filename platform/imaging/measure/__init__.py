"""Measurements on segments: size, intensity, change over time; every number with unit, method and doubt."""
