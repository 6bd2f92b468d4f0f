"""Migrations on SQLite that cost what they change: Django's read the whole database after each one."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from django.db.backends.sqlite3 import schema


class SchemaEditor(schema.DatabaseSchemaEditor):
    """While a migration runs SQLite checks no foreign keys, so Django looks through all of them when it ends: half a
    minute with 100,000 conversations, and so at every step of an upgrade. Here only the tables that it made, copied or
    gave a key are looked through, and everything where one was dropped. What a data migration writes is checked by
    PostgreSQL, on which the tests run them, too.
    """

    def __enter__(self) -> Self:
        self._keys_changed_in: set[str] = set()
        self._dropped = False
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Raises IntegrityError for a key that leads nowhere, and then nothing of the migration is done."""
        try:
            if error is None:
                self._look_through()
        except BaseException as wrong:
            super(schema.DatabaseSchemaEditor, self).__exit__(type(wrong), wrong, wrong.__traceback__)
            raise
        else:
            super(schema.DatabaseSchemaEditor, self).__exit__(kind, error, where)
        finally:
            self.connection.enable_constraint_checking()

    def _look_through(self) -> None:
        there = set(self.connection.introspection.table_names())
        self.connection.check_constraints(None if self._dropped else sorted(self._keys_changed_in & there))

    def create_model(self, model: Any) -> None:
        self._keys_changed_in.add(model._meta.db_table)
        super().create_model(model)

    def delete_model(self, model: Any, handle_autom2m: bool = True) -> None:
        self._dropped |= handle_autom2m  # without, it is a table of which there is a copy
        super().delete_model(model, handle_autom2m)  # type: ignore[call-arg] # it takes both

    def add_field(self, model: Any, field: Any) -> None:
        if field.remote_field:
            self._keys_changed_in.add(model._meta.db_table)
        super().add_field(model, field)

    def _field_should_be_altered(self, old_field: Any, new_field: Any, ignore: set[str] | None = None) -> bool:
        # SQLite limits no text, and Django would copy the whole table for another limit.
        ignored = {*(ignore or ()), "max_length"}
        return bool(super()._field_should_be_altered(old_field, new_field, ignore=ignored))  # type: ignore[misc]

    def _remake_table(self, model: Any, **more: Any) -> None:
        self._keys_changed_in.add(model._meta.db_table)
        super()._remake_table(model, **more)  # type: ignore[misc]
