"""What people and policies may do with projects."""
