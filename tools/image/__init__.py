"""Carries out the Dockerfile where no container engine runs, and tries what comes of it.

`python3 -m tools.image`, as root on Debian or what is made from it, with a Python of the version that the
Dockerfile names. It needs nothing else.
"""
