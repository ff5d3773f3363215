"""Forms: a launch form made from a template's JSON Schema, and environments."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.ids import ulid
from deployments import costs
from deployments.models import Access, Environment, EnvironmentKind, Price, TemplateVersion
from deployments.services import parameters
from deployments.services.specification import Wish

PREFIX = "p-"


class LaunchForm(forms.Form):
    """Everything that a run needs. Fields of the template's schema come first, with ``p-`` before their name."""

    environment = forms.ChoiceField(label="Environment", help_text="Where it runs.")
    instance_type = forms.ChoiceField(label="Machine", help_text="With the on-demand price of an hour.")
    instance_count = forms.IntegerField(label="Machines", min_value=1, max_value=1000)
    max_minutes = forms.IntegerField(
        label="Maximum time in minutes", min_value=1, max_value=40_320, help_text="The run is stopped when it is over."
    )
    spot = forms.BooleanField(
        label="Use spot capacity", required=False, help_text="Cheaper, but AWS may interrupt and restart the run."
    )
    note = forms.CharField(label="Note", required=False, max_length=500, help_text="What you want to find out.")
    request_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(
        self,
        *,
        project_key: str,
        version: TemplateVersion,
        environments: Sequence[Environment],
        prices: Mapping[str, Price],
        start: Wish | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=_initial(version, environments, start), label_suffix="")
        self.project_key, self.version, self.places = project_key, version, environments
        self.fields["environment"] = forms.ChoiceField(
            label="Environment",
            help_text="Where it runs.",
            choices=[(each.name, _place(each)) for each in environments],
        )
        self.fields["instance_type"] = forms.ChoiceField(
            label="Machine",
            help_text="With the on-demand price of an hour.",
            choices=[(name, _machine(name, prices.get(name))) for name in version.instance_types],
        )
        if version.max_instance_count == 1:
            self.fields["instance_count"].widget = forms.HiddenInput()
        given = start.parameters if start else {}
        schema_fields = {
            f"{PREFIX}{name}": schema_field(spec, given.get(name, spec.get("default")))
            for name, spec in version.properties.items()
        }
        self.fields = {**schema_fields, **self.fields}

    def schema_fields(self) -> list[forms.BoundField]:
        """The template's own fields, for the first card."""
        return [field for field in self if field.name.startswith(PREFIX)]

    def machine_fields(self) -> list[forms.BoundField]:
        """Where, on what and how long, for the second card."""
        return [field for field in self.visible_fields() if not field.name.startswith(PREFIX)]

    def wish(self) -> Wish:
        """The wish in a valid form, or what can be read of it in one that is not."""
        known = getattr(self, "cleaned_data", {})
        values = {name: self.data.get(f"{PREFIX}{name}", "") for name in self.version.properties}
        read = {name: parameters.from_text(self.version.properties[name], str(raw)) for name, raw in values.items()}
        return Wish(
            project=self.project_key,
            environment=known.get("environment", ""),
            template=self.version.name,
            template_version=self.version.version,
            parameters=read,
            instance_type=known.get("instance_type"),
            instance_count=known.get("instance_count"),
            max_runtime_seconds=60 * known["max_minutes"] if known.get("max_minutes") else None,
            spot=known.get("spot", False),
            note=known.get("note", ""),
        )

    def refuse(self, error: DomainError) -> None:
        """Put what a service refused beside the fields."""
        names = {"max_runtime_seconds": "max_minutes"}
        error.errors = {
            names.get(name, name.replace("parameters.", PREFIX, 1)): each for name, each in error.errors.items()
        }
        apply_domain_error(self, error)


def schema_field(spec: Mapping[str, Any], initial: Any) -> forms.Field:
    """A form field for one property of a JSON Schema. The service checks the value against the schema itself."""
    common = {"label": spec.get("title", ""), "help_text": spec.get("description", ""), "required": False}
    if spec.get("enum"):
        return forms.ChoiceField(**common, initial=initial, choices=[(each, str(each)) for each in spec["enum"]])
    if spec.get("type") == "boolean":
        choices = [("true", "Yes"), ("false", "No")]
        return forms.ChoiceField(**common, initial=str(bool(initial)).lower(), choices=choices)
    field = forms.CharField(**common, initial="" if initial is None else initial)
    if spec.get("type") in ("integer", "number"):
        field.widget = forms.NumberInput(attrs=_limits(spec))
    return field


def _limits(spec: Mapping[str, Any]) -> dict[str, str]:
    attrs = {"step": "1" if spec["type"] == "integer" else "any"}
    for key, attr in (("minimum", "min"), ("maximum", "max")):
        if key in spec:
            attrs[attr] = str(spec[key])
    return attrs


def _initial(version: TemplateVersion, environments: Sequence[Environment], start: Wish | None) -> dict[str, Any]:
    first = environments[0].name if environments else ""
    values: dict[str, Any] = {"environment": first, "request_key": ulid(), **version.defaults}
    if start:
        wanted = {
            name: getattr(start, name) for name in ("environment", "instance_type", "instance_count", "spot", "note")
        }
        values |= {name: value for name, value in wanted.items() if value not in (None, "")}
        values["max_runtime_seconds"] = start.max_runtime_seconds or values["max_runtime_seconds"]
    values["max_minutes"] = -(-int(values["max_runtime_seconds"]) // 60)
    return values


def _place(environment: Environment) -> str:
    return f"{environment.name} ({environment.get_kind_display()}, {environment.region})"


def _machine(name: str, price: Price | None) -> str:
    return f"{name}, {costs.money(price.per_hour, price.currency)} an hour" if price else f"{name}, no price here"


class EnvironmentForm(forms.Form):
    """An environment, as people fill it in; the service knows what AWS accepts."""

    name = forms.CharField(label="Name", max_length=40, help_text="Lower-case letters, digits and hyphens.")
    kind = forms.ChoiceField(label="Kind", choices=EnvironmentKind.choices, initial=EnvironmentKind.DEV)
    account_id = forms.CharField(label="AWS account", max_length=12, help_text="12 digits.")
    region = forms.CharField(label="Region", max_length=25, initial="eu-west-1")
    role_arn = forms.CharField(
        label="Role to take on",
        required=False,
        max_length=2048,
        help_text="Leave empty to use the portal's own rights.",
    )
    execution_role_arn = forms.CharField(
        label="Execution role", max_length=2048, help_text="SageMaker takes it on while it runs your code."
    )
    bucket = forms.CharField(label="Bucket", max_length=63, help_text="For code and results, without s3://.")
    event_queue_url = forms.CharField(
        label="Event queue",
        required=False,
        max_length=500,
        help_text="URL of the SQS queue that gets SageMaker's events.",
    )
    sklearn_image = forms.CharField(
        label="Image for scikit-learn", required=False, max_length=255, help_text="URI that the templates run on."
    )
    access = forms.ChoiceField(label="Open to", choices=Access.choices, initial=Access.LISTED)
    projects = forms.CharField(
        label="Projects", required=False, help_text="Keys with commas between them, such as PRJ-3, PRJ-12."
    )

    @classmethod
    def of(cls, environment: Environment) -> "EnvironmentForm":
        """The form with what the environment holds now."""
        values = {name: getattr(environment, name) for name in cls.base_fields if hasattr(environment, name)}
        values["projects"] = ", ".join(sorted(project.key for project in environment.projects.all()))
        values["sklearn_image"] = environment.images.get("sklearn", "")
        return cls(initial=values)

    def values(self, images: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The fields of the environment, for the service; other images than scikit-learn's are kept."""
        known = dict(self.cleaned_data)
        known.pop("projects")
        merged = {**(images or {}), "sklearn": known.pop("sklearn_image")}
        return {**known, "images": {key: uri for key, uri in merged.items() if uri}}

    def keys(self) -> list[str]:
        """The project keys that were typed."""
        return [part for part in self.cleaned_data["projects"].upper().replace(",", " ").split() if part]

    def refuse(self, error: DomainError) -> None:
        """Put what the service refused beside the fields."""
        error.errors = {("sklearn_image" if name == "images" else name): each for name, each in error.errors.items()}
        apply_domain_error(self, error)


def chosen_columns(wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """The known ones among the wanted columns, in the order of the known."""
    picked = set(wanted)
    return [name for name in known if name in picked]
