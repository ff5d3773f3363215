"""From what a person sent to what AWS will be asked for, or to sentences beside the fields."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coe_portal.core.errors import DomainError, InvalidInput
from coe_portal.core.models import User
from deployments import permissions
from deployments.models import Environment, Price, TemplateVersion
from deployments.services import parameters as schemas
from deployments.services import prices, templates
from projects.models import Project

_MACHINE = ("instance_type", "instance_count", "max_runtime_seconds", "spot")
MAX_RUNTIME = 28 * 24 * 3600  # StoppingCondition.MaxRuntimeInSeconds of CreateTrainingJob


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person wants to run, as it was sent. ``None`` takes the template's default."""

    project: str
    environment: str
    template: str
    template_version: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    instance_type: str | None = None
    instance_count: int | None = None
    max_runtime_seconds: int | None = None
    spot: bool | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Specification:
    """A wish that holds: everything exists, is allowed there and has a price."""

    project: Project
    environment: Environment
    template_version: TemplateVersion
    price: Price
    parameters: dict[str, Any]
    instance_type: str
    instance_count: int
    max_runtime_seconds: int
    spot: bool
    note: str

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical wish: what an approval would be given for."""
        content = {
            "project": self.project.key,
            "environment": self.environment.name,
            "template": self.template_version.digest,
            "parameters": self.parameters,
            "instance_type": self.instance_type,
            "instance_count": self.instance_count,
            "max_runtime_seconds": self.max_runtime_seconds,
            "spot": self.spot,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def find_project(key: str, actor: User) -> Project:
    """The project if the person may see it. Raises DomainError (404) at the field ``project``."""
    project = Project.objects.visible_to(actor).by_key(key).first()
    if project is None:
        sentence = f"There is no project {key[:20]} that you may see. Choose one of yours, or ask its owner to add you."
        raise DomainError("not_found", sentence, status=404, errors={"project": [sentence]})
    return project


def specify(wish: Wish, actor: User) -> Specification:
    """Check a wish.

    Raises:
        DomainError: 404, the project is not the person's to know.
        NotAllowed: the person may not launch runs in it.
        InvalidInput: a field cannot be used; each sentence says what would work.
    """
    project = find_project(wish.project, actor)
    permissions.require(actor, "launch", project)
    return specify_in(project, wish)


def specify_in(
    project: Project, wish: Wish, version: TemplateVersion | None = None, places: Sequence[Environment] = ()
) -> Specification:
    """Check a wish in a project that the person may launch in. Raises InvalidInput.

    ``version`` and ``places`` are the template version that the wish names and the environments that are open to the
    project, where the caller has them already.
    """
    return _Check(wish, project, version, places).specification()


class _Check:
    """Collects a sentence for every field that is wrong, so that one answer names them all."""

    def __init__(
        self, wish: Wish, project: Project, version: TemplateVersion | None, places: Sequence[Environment]
    ) -> None:
        self.wish, self.project, self.places = wish, project, places
        self.version = version or templates.find(wish.template, wish.template_version)
        self.errors: dict[str, list[str]] = {}

    def specification(self) -> Specification:
        environment, version = self._environment(), self._version()
        machine = self._machine(version) if version else None
        price = self._price(environment, machine["instance_type"]) if environment and machine else None
        parameters = self._parameters(version) if version else {}
        if environment and version:
            self._image(environment, version)
        if len(self.wish.note) > 500:
            self.errors["note"] = ["Use at most 500 characters."]
        if self.errors or environment is None or version is None or machine is None or price is None:
            raise InvalidInput(self.errors)
        return Specification(
            project=self.project,
            environment=environment,
            template_version=version,
            price=price,
            parameters=parameters,
            note=self.wish.note.strip(),
            **machine,
        )

    def _environment(self) -> Environment | None:
        known = next((place for place in self.places if place.name == self.wish.environment), None)
        may_use = Environment.objects.open_to(self.project.pk)
        environment = known or may_use.filter(name=self.wish.environment).first()
        if environment is not None:
            return environment
        if Environment.objects.filter(name=self.wish.environment).exists():
            key, name = self.project.key, self.wish.environment
            sentence = f"{key} has no right to {name}. Ask a CoE lead to add the project to it."
        else:
            names = ", ".join(may_use.values_list("name", flat=True)[:20]) or "none yet; ask a CoE lead to add one"
            sentence = f"There is no environment named “{self.wish.environment[:40]}”. This project may use: {names}."
        self.errors["environment"] = [sentence]
        return None

    def _version(self) -> TemplateVersion | None:
        if self.version is not None:
            return self.version
        if self.wish.template_version is not None and templates.find(self.wish.template):
            sentence = f"{self.wish.template} has no version {self.wish.template_version}."
            self.errors["template_version"] = [f"{sentence} Leave it out to use the newest."]
        else:
            known = ", ".join(sorted({version.name for version in TemplateVersion.objects.for_list()})) or "none yet"
            self.errors["template"] = [f"There is no template named “{self.wish.template[:60]}”. Known: {known}."]
        return None

    def _machine(self, version: TemplateVersion) -> dict[str, Any]:
        wanted = {name: getattr(self.wish, name) for name in _MACHINE}
        machine = {name: version.defaults.get(name) if value in (None, "") else value for name, value in wanted.items()}
        if machine["instance_type"] not in version.instance_types:
            choice = ", ".join(version.instance_types)
            sentence = f"{version} does not run on {str(machine['instance_type'])[:40]}. Choose one of: {choice}."
            self.errors["instance_type"] = [sentence]
        if not 1 <= machine["instance_count"] <= version.max_instance_count:
            self.errors["instance_count"] = [f"{version} runs on 1 to {version.max_instance_count} machines."]
        if not 1 <= machine["max_runtime_seconds"] <= MAX_RUNTIME:
            self.errors["max_runtime_seconds"] = [f"Use 1 second to 28 days ({MAX_RUNTIME} seconds)."]
        return machine | {"spot": bool(machine["spot"])}

    def _price(self, environment: Environment, instance_type: str) -> Price | None:
        price = prices.current_price(environment.region, instance_type)
        if price is None and "instance_type" not in self.errors:
            priced = [name for name in self._types() if name in prices.current_prices(environment.region)]
            remedy = f"Choose one of: {', '.join(priced)}" if priced else "Choose another environment"
            self.errors["instance_type"] = [
                f"The price table has no price for {instance_type} in {environment.region}, and nothing runs without "
                f"a price. {remedy}, or ask a CoE lead to add the price."
            ]
        return price

    def _types(self) -> list[str]:
        return list(self.version.instance_types) if self.version else []

    def _image(self, environment: Environment, version: TemplateVersion) -> None:
        if version.image not in environment.images:
            sentence = f"{environment.name} has no image for “{version.image}”. Ask a CoE lead to add it under images."
            self.errors.setdefault("environment", []).append(sentence)

    def _parameters(self, version: TemplateVersion) -> dict[str, Any]:
        values = schemas.complete(version.parameters, self.wish.parameters)
        for name, sentences in schemas.problems(version.parameters, values).items():
            self.errors[f"parameters.{name}" if name != "parameters" else name] = sentences
        return values
