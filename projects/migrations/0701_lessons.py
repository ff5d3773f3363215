"""Lessons, and what an ended project still owes."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import coe_portal.core.fields

KINDS = [("worked", "What worked"), ("failed", "What failed"), ("different", "What we would do differently")]


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0601_risk_tiers_and_removed_criteria"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Lesson",
            fields=[
                ("id", coe_portal.core.fields.UlidField(serialize=False)),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("title", models.CharField(max_length=120)),
                ("text", models.TextField(max_length=2000)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), blank=True, default=list
                    ),
                ),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lessons", to="projects.project"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="LessonsOwed",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="lessons_owed",
                        serialize=False,
                        to="projects.project",
                    ),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=KINDS, max_length=10)
                    ),
                ),
                ("owed_since", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_on", models.DateField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ["due_on"], "verbose_name_plural": "lessons owed"},
        ),
        migrations.AddIndex(
            model_name="lesson", index=models.Index(fields=["project", "-id"], name="lesson_of_project")
        ),
        migrations.AddIndex(model_name="lesson", index=models.Index(fields=["kind", "-id"], name="lesson_kind")),
        migrations.AddIndex(
            model_name="lesson",
            index=django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="lesson_tags"),
        ),
        migrations.AddIndex(
            model_name="lesson",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("title", "text", config="english"), name="lesson_words"
            ),
        ),
        migrations.AddIndex(
            model_name="lessonsowed",
            index=models.Index(
                condition=models.Q(("settled_at", None)), fields=["owner", "due_on"], name="lessons_open"
            ),
        ),
    ]
