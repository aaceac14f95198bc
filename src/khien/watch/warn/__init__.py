"""Warnings: from a probability to an official message in two languages, each step by a named person."""
