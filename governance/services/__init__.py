"""What people may do with policies, approvals and gates."""
