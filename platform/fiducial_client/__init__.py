"""What a customer installs: pull releases, verify them offline, send studies. No server code, no framework."""

from fiducial_client.client import Client
from fiducial_client.errors import ClientError
from fiducial_client.pull import PullResult, pull, verify_folder
from fiducial_client.upload import UploadResult, upload

__all__ = ["Client", "ClientError", "PullResult", "UploadResult", "pull", "upload", "verify_folder"]
