"""Rows that somebody removed and that can come back: their table has `gone_at`, and whoever looks sees the others."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class NotRemoved(models.Manager[Row]):
    """Only what is not gone, so that no query has to remember it."""

    def get_queryset(self) -> models.QuerySet[Row]:
        return super().get_queryset().filter(gone_at=None)


class AlsoRemoved(models.Manager[Row]):
    """Also what is gone."""
