"""The office as a Django application."""

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """Models, migrations and acts."""

    name = "khien.office"
    label = "office"
    default_auto_field = "django.db.models.BigAutoField"
