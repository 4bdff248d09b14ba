"""Words of the room."""

PROCESS_JOB = "intake.process_delivery"

ACTION_CREATED = "intake.delivery.create"
ACTION_COMPLETED = "intake.delivery.complete"
ACTION_CANCELLED = "intake.delivery.cancel"
ACTION_CLOSED = "intake.delivery.close"
ACTION_RECEIVED = "intake.file.receive"
ACTION_HELD = "intake.file.hold"
ACTION_REFUSED = "intake.file.refuse"
ACTION_DECIDED = "intake.file.decide"

MAX_FILE_BYTES = 8 << 30
"""Larger bodies are refused while they arrive."""
