"""The imaging engine: geometry, quality, conversion, measurement, agreement and de-identification.

Pure Python over pydicom, highdicom, numpy and SimpleITK. It knows no web framework and no database;
the platform and the command line (`python -m imaging`) call the same functions.

Conventions held everywhere:

* arrays are indexed `[slice, row, column]`;
* `point_lps` is a point in mm in the DICOM patient coordinate system (PS3.3 C.7.6.2.1.1);
* `point_ijk` is a voxel index `(slice, row, column)`; integers are voxel centres;
* a `VolumeGeometry` travels with every volume.
"""

ENGINE_VERSION = "0.1.0"
