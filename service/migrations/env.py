"""What Alembic runs: the steps between two layouts, on the connection that `service.layout` gives."""

from alembic import context

from service.tables import Table

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
context.run_migrations()
