"""SageMaker: training jobs now; each further area is a module that registers its operations."""
