"""Exactly once: real boards, gateway, broker and server, killed at random while events are made."""
