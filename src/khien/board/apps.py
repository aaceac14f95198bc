"""The board as a Django application."""

from django.apps import AppConfig


class BoardConfig(AppConfig):
    """Pages; no models of its own."""

    name = "khien.board"
    label = "board"
