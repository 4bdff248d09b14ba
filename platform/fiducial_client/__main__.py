import sys

from fiducial_client.cli import main

sys.exit(main())
