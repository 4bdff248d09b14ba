"""Starts, watches and stops everything Fiducial needs on one machine.

The launcher knows processes, sockets, roles and files, and nothing of Django: it must be able to say what is wrong
before any setting is read.
"""
