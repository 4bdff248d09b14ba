"""The kernel's tables, gathered where Django looks for them."""

from kernel.api.idempotency import IdempotentAnswer as IdempotentAnswer
from kernel.blobs.models import Blob as Blob
from kernel.jobs.models import Job as Job
from kernel.jobs.models import JobState as JobState
from kernel.keys.models import KeyKind as KeyKind
from kernel.keys.models import WrappedKey as WrappedKey
