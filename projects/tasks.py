"""Thin tasks: the time of the next look is a column; losing a task loses nothing."""

from celery import shared_task

from projects.services import evidence, expiry


@shared_task(name="projects.attend_checklists")
def attend_checklists() -> None:
    """Reopen what has expired and end waivers whose time is over."""
    expiry.attend_due()


@shared_task(name="projects.sweep_files")
def sweep_files() -> None:
    """Delete files that no evidence points to."""
    evidence.sweep_files()
