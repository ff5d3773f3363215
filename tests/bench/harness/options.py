"""Options of benchmarks: few, typed, refused with a sentence."""

import argparse


def parser(name: str, about: str) -> argparse.ArgumentParser:
    """A parser that knows the benchmark's name and takes no abbreviations."""
    return argparse.ArgumentParser(prog=f"./portal bench {name}", description=about, allow_abbrev=False)


def count(raw: str) -> int:
    """A whole number from 1 on."""
    if not raw.isascii() or not raw.isdigit() or int(raw) < 1:
        raise argparse.ArgumentTypeError(f"“{raw}” is not a whole number from 1 on")
    return int(raw)


def seconds(raw: str) -> float:
    """A time greater than nothing."""
    try:
        value = float(raw)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{raw}” is not a number of seconds") from None
    if not 0 < value < 86_400:
        raise argparse.ArgumentTypeError(f"“{raw}” is not between 0 and 86400 seconds")
    return value
