"""Structured reports of measurements (PS3.16 TID 1500) in and out."""

from imaging.sr.model import Evaluation, Measurement, MeasurementGroup, MeasurementReport
from imaging.sr.read import read_sr
from imaging.sr.write import write_sr

__all__ = ["Evaluation", "Measurement", "MeasurementGroup", "MeasurementReport", "read_sr", "write_sr"]
