"""The laptop's AWS: a separate process that unmodified boto3 talks to. Imports neither Django nor the apps."""
