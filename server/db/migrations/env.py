"""Alembic's entry point. Run by `Database.migrate`, which hands over the connection; there is no offline mode."""

from alembic import context

from server.db import account_models as account_models  # its tables are part of the metadata
from server.db import batch_models as batch_models
from server.db import history_models as history_models
from server.db import lora_models as lora_models
from server.db import moderation_models as moderation_models
from server.db import share_models as share_models
from server.db import usage_models as usage_models
from server.db.models import Row

context.configure(connection=context.config.attributes["connection"], target_metadata=Row.metadata)
context.run_migrations()
