"""Closing the distance between what is wanted and what AWS has. The only callers of ``deployments.aws``.

Every function here is safe twice and at once: rows are claimed by a lease (``next_check_at``), AWS is called outside
any transaction, and names are deterministic, so a call that is repeated finds its own result.
"""
