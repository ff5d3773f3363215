"""People and service accounts."""

from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


class SiteRole(models.TextChoices):
    """What a person is for the whole organisation. Project roles come from membership."""

    COE_LEAD = "coe_lead", "CoE lead"
    EXECUTIVE = "executive", "Executive"
    AUDITOR = "auditor", "Auditor"


class ApproverGroup(models.TextChoices):
    """Named groups whose members decide approval steps."""

    SECURITY = "security", "Security"
    FINANCE = "finance", "Finance"
    DATA_OWNER = "data_owner", "Data owners"


class UserKind(models.TextChoices):
    """A person signs in; a service account only has API tokens."""

    PERSON = "person", "Person"
    SERVICE = "service", "Service account"


class Theme(models.TextChoices):
    """Colours of the pages."""

    AUTO = "auto", "Follow the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class MailMode(models.TextChoices):
    """When a person gets mail about approvals and what is theirs to do."""

    IMMEDIATE = "immediate", "At once"
    DAILY = "daily", "One mail a day"
    NONE = "none", "None"


class UserQuerySet(models.QuerySet["User"]):
    """Names for the sets of people that the portal speaks of."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def people(self) -> Self:
        return self.active().filter(kind=UserKind.PERSON)

    def with_site_role(self, role: str) -> Self:
        return self.active().filter(site_roles__contains=[role])

    def leads(self) -> Self:
        return self.with_site_role(SiteRole.COE_LEAD)

    def in_group(self, group: str) -> Self:
        return self.active().filter(approver_groups__contains=[group])


class UserManager(BaseUserManager["User"]):
    """Creates accounts; passwords are hashed, an absent password means that the account cannot sign in."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """A CoE lead: the portal has no rights above that."""
        roles = sorted({*fields.pop("site_roles", []), SiteRole.COE_LEAD})
        return self.create_user(username, password, site_roles=roles, **fields)


class User(AbstractBaseUser):
    """A person who uses the portal, or a service account that calls its API."""

    username = models.CharField(max_length=64, unique=True, validators=[UnicodeUsernameValidator()])
    display_name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    kind = models.CharField(max_length=10, choices=UserKind.choices, default=UserKind.PERSON)
    site_roles = ArrayField(models.CharField(max_length=20, choices=SiteRole.choices), default=list, blank=True)
    approver_groups = ArrayField(
        models.CharField(max_length=20, choices=ApproverGroup.choices), default=list, blank=True
    )
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.AUTO)
    stands_in_from = models.DateField(
        null=True, editable=False, help_text="First day on which they may decide for somebody else; empty for never."
    )
    stands_in_until = models.DateField(
        null=True, editable=False, help_text="Last day on which they may decide for somebody else; empty for never."
    )
    shortcuts = models.BooleanField(default=True, help_text="Single-key shortcuts, such as J and K in the inbox.")
    mail = models.CharField(max_length=10, choices=MailMode.choices, default=MailMode.IMMEDIATE)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        ordering = ["display_name", "username"]
        constraints = [
            models.CheckConstraint(
                condition=Q(site_roles__contained_by=list(SiteRole.values)), name="user_site_roles_known"
            ),
            models.CheckConstraint(
                condition=Q(approver_groups__contained_by=list(ApproverGroup.values)), name="user_groups_known"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def ref(self) -> str:
        return f"user:{self.username}"

    @property
    def is_lead(self) -> bool:
        return SiteRole.COE_LEAD in self.site_roles

    @property
    def is_executive(self) -> bool:
        return SiteRole.EXECUTIVE in self.site_roles

    @property
    def is_auditor(self) -> bool:
        return SiteRole.AUDITOR in self.site_roles

    @property
    def reads_everything(self) -> bool:
        """CoE leads, executives and auditors see every project; what they may change is another question."""
        return bool(self.site_roles)

    @property
    def is_staff(self) -> bool:
        """May open the admin console: leads work there, auditors only read."""
        return self.is_active and (self.is_lead or self.is_auditor)

    @property
    def duties(self) -> str:
        """What the person is for the organisation, in words."""
        roles = [str(SiteRole(name).label) for name in self.site_roles]
        groups = [f"{str(ApproverGroup(name).label).removesuffix('s')} approver" for name in self.approver_groups]
        return ", ".join([*roles, *groups]) or "Project member"

    @property
    def initials(self) -> str:
        words = (self.display_name or self.username).split()
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Rights in the admin console. Everything else is decided by each app's ``permissions``."""
        del obj
        if not self.is_active:
            return False
        return self.is_lead or (self.is_auditor and perm.partition(".")[2].startswith("view_"))

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        del app_label
        return self.is_staff
