"""S3 on disk."""
