"""What runs on AWS: where, from which template, at which price, and what became of it."""

from deployments.models.environments import Access, Environment, EnvironmentKind
from deployments.models.outputs import RunOutput, SeenEvent
from deployments.models.prices import Component, Price
from deployments.models.runs import FINAL_STATES, RUN_LIFECYCLE, Run, RunCounter, RunKind, RunState
from deployments.models.templates import TemplateKind, TemplateVersion, TrainingTemplate

__all__ = [
    "FINAL_STATES",
    "RUN_LIFECYCLE",
    "Access",
    "Component",
    "Environment",
    "EnvironmentKind",
    "Price",
    "Run",
    "RunCounter",
    "RunKind",
    "RunOutput",
    "RunState",
    "SeenEvent",
    "TemplateKind",
    "TemplateVersion",
    "TrainingTemplate",
]
