"""The acts of the room: record, seal, verify, export."""

from apps.audit.services.recording import act_record, event_record, events_record, plain

__all__ = ["act_record", "event_record", "events_record", "plain"]
