from apps.studies.models.study import DerivedFrames, Instance, Series, Study
from apps.studies.models.subject import Subject

__all__ = ["DerivedFrames", "Instance", "Series", "Study", "Subject"]
