"""What AWS asks for a machine."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q

from coe_portal.core.fields import MoneyField


class Component(models.TextChoices):
    """What the machine is used for. ``any`` holds where AWS asks the same for all uses."""

    ANY = "any", "Any use"
    TRAINING = "training", "Training"
    PROCESSING = "processing", "Processing"
    HOSTING = "hosting", "Hosting"
    TRANSFORM = "transform", "Batch transform"


class PriceQuerySet(models.QuerySet["Price"]):
    def valid(self, region: str, component: str, on: date) -> Self:
        """Prices for the use in the region on that day: the most special and newest first."""
        return self.filter(region=region, component__in=[component, Component.ANY], dated_on__lte=on).order_by(
            "instance_type", models.Case(models.When(component=Component.ANY, then=1), default=0), "-dated_on"
        )


class Price(models.Model):
    """The on-demand price of one machine for one hour, as a dated table gives it. Rows are added, never changed."""

    region = models.CharField(max_length=25)
    component = models.CharField(max_length=12, choices=Component.choices, default=Component.ANY)
    instance_type = models.CharField(max_length=40)
    per_hour = MoneyField()
    currency = models.CharField(max_length=3, default="USD")
    dated_on = models.DateField()
    source = models.CharField(max_length=200)

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["region", "instance_type", "component", "-dated_on"]
        constraints = [
            models.UniqueConstraint(fields=["region", "component", "instance_type", "dated_on"], name="price_once"),
            models.CheckConstraint(condition=Q(per_hour__gt=0), name="price_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.instance_type} in {self.region}: {self.per_hour} {self.currency} an hour"

    @property
    def ref(self) -> str:
        return f"price:{self.pk}"
