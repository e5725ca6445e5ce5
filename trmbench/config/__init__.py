"""Presets, TOML and `--set` composed into resolved cells."""
