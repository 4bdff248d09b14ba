"""From one form to another: series, label maps, SEG, RTSTRUCT, SR, meshes, training formats."""
