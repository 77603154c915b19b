from tests.databases import database, database_url, postgres_server
from tests.s3_server import mortal_s3_server, s3_bucket, s3_server

__all__ = ["database", "database_url", "mortal_s3_server", "postgres_server", "s3_bucket", "s3_server"]
