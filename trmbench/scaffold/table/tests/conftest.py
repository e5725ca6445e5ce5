"""The fixtures of the conformance kit."""

pytest_plugins = ["trmbench.testing.fixtures"]
