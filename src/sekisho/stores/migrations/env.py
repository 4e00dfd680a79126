"""Runs the steps on the connection that `stores.open` hands over, inside its transaction."""

from alembic import context

from sekisho.stores.tables import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
    # SQLite can change tables in a transaction; ours is open already, so a step is whole or absent.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
