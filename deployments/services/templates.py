"""Publishing golden paths from folders."""

import gzip
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Max
from jsonschema import Draft202012Validator

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from deployments.models import TemplateVersion, TrainingTemplate

FOLDER = Path(__file__).resolve().parent.parent / "training"
_DESCRIBED = (
    "title",
    "description",
    "parameters",
    "defaults",
    "instance_types",
    "max_instance_count",
    "image",
    "entry_point",
    "metric_definitions",
    "objective_metric",
    "channels",
    "data_set",
    "volume_gb",
)


def load_folder(root: Path = FOLDER, actor: User | None = None) -> list[TemplateVersion]:
    """Publish every template below ``root`` whose content changed. Returns the new versions."""
    published = [publish(path.parent, actor) for path in sorted(root.glob("*/template.yaml"))]
    return [version for version in published if version is not None]


@transaction.atomic
def publish(folder: Path, actor: User | None = None) -> TemplateVersion | None:
    """Publish one folder (``template.yaml`` and ``code/``) as the next version; None when nothing changed.

    Raises:
        InvalidInput: the description is not usable; the errors name its keys.
    """
    description = yaml.safe_load((folder / "template.yaml").read_text())
    files = _code(folder, description)
    _check(description, files)
    package = pack(files)
    code_digest = hashlib.sha256(package).hexdigest()
    digest = _digest(description, files)
    named = TrainingTemplate.objects.get_or_create(name=description["name"], defaults={"kind": description["kind"]})
    template = TrainingTemplate.objects.select_for_update().get(pk=named[0].pk)
    newest = template.versions.order_by("-version").first()
    if newest is not None and newest.digest == digest:
        return None
    content = {key: description[key] for key in _DESCRIBED if key in description}
    version = TemplateVersion.objects.create(
        template=template,
        version=(template.versions.aggregate(last=Max("version"))["last"] or 0) + 1,
        package=package,
        code_digest=code_digest,
        digest=digest,
        **content | {"parameters": _in_order(description["parameters"])},
    )
    audit.record(actor=actor, action="template.published", subject=version, after={"digest": digest})
    return version


def _in_order(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with ``x-order``: the database keeps an object's members in an order of its own."""
    return {"x-order": list(schema.get("properties", {})), **schema}


def _code(folder: Path, description: Mapping[str, Any]) -> dict[str, bytes]:
    own = {str(path.relative_to(folder / "code")): path.read_bytes() for path in (folder / "code").rglob("*.py")}
    shared = {Path(name).name: (folder.parent / name).read_bytes() for name in description.get("include", [])}
    return shared | own


def _digest(description: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Of the content, not of the archive: compressors differ from one Python to the next."""
    code = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    canonical = json.dumps([description, code], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def pack(files: Mapping[str, bytes]) -> bytes:
    """A ``sourcedir.tar.gz`` that is the same bytes for the same files: sorted, no times, no owners."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(files[name]), 0o644, 0
            tar.addfile(entry, io.BytesIO(files[name]))
    return gzip.compress(archive.getvalue(), mtime=0)


_NEEDED = (*_DESCRIBED[:5], "image", "entry_point", "metric_definitions", "name", "kind")


def _check(description: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    errors = {key: ["The description needs this."] for key in _NEEDED if not description.get(key)}
    metrics = description.get("metric_definitions") or []
    if description.get("entry_point") not in files:
        errors["entry_point"] = [f"There is no such file. The code holds: {', '.join(sorted(files))}."]
    bad = [metric["name"] for metric in metrics if not re.compile(metric["regex"]).groups or len(metric["regex"]) > 500]
    if bad or len(metrics) > 40:
        errors["metric_definitions"] = ["At most 40, each with a regex of at most 500 characters that has a group."]
    if description.get("objective_metric") not in [metric["name"] for metric in metrics]:
        errors["objective_metric"] = ["It must be one of the metric definitions."]
    Draft202012Validator.check_schema(description.get("parameters") or {})
    if errors:
        raise InvalidInput(errors, f"The template {description.get('name', '')} cannot be published.")


def find(name: str, version: int | None = None) -> TemplateVersion | None:
    """A version of a template, the newest unless one is named."""
    versions = TemplateVersion.objects.select_related("template").defer("package").filter(template__name=name)
    if version is not None:
        versions = versions.filter(version=version)
    return versions.order_by("-version").first()
