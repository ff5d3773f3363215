"""The only room that speaks to AWS. Everybody else uses the words of ``gateway``."""
