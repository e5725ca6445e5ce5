"""One trial in this process: built, trained, tested, recorded."""
