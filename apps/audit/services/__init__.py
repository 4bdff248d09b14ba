"""The acts of the room: record, seal, verify, export."""

from apps.audit.services.recording import act_record, event_record, events_record, plain
from apps.audit.services.signing_key import statement_sign, trusted_keys

__all__ = ["act_record", "event_record", "events_record", "plain", "statement_sign", "trusted_keys"]
