"""Read by every Python that a test starts: this folder is on the path that it inherits."""

from loopback import guard

guard()
