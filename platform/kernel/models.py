"""The kernel's tables, gathered where Django looks for them."""

from kernel.api.idempotency import IdempotentAnswer as IdempotentAnswer
from kernel.jobs.models import Job as Job
from kernel.jobs.models import JobState as JobState
