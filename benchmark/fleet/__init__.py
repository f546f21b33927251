"""A fleet of virtual boards against a real broker and the real ingest: how many, how fast.

Also the chaos test: real boards, gateway, broker and server, killed at random moments.
"""
