"""The voice-booking API: tool calls in, appointments and calendar events out."""
