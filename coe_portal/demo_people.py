"""The demo organisation's people: who signs in with which role."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoPerson:
    """A person of the demo organisation; ``role`` is for the person at the keyboard."""

    username: str
    display_name: str
    role: str
    site_roles: tuple[str, ...] = ()
    approver_groups: tuple[str, ...] = ()


DEMO_PEOPLE = (
    DemoPerson("lead", "Marta Veiga", "CoE lead", site_roles=("coe_lead",)),
    DemoPerson("sponsor", "Ingrid Solberg", "executive sponsor", site_roles=("executive",)),
    DemoPerson("domain", "Hanna Berg", "domain expert"),
    DemoPerson("scientist", "Aiko Kimura", "data scientist"),
    DemoPerson("dataengineer", "Luis Ferreira", "data engineer"),
    DemoPerson("software", "Nadia Saleh", "software engineer"),
    DemoPerson("devops", "Tomas Lindqvist", "DevOps engineer"),
    DemoPerson("security", "Priya Raman", "security officer", approver_groups=("security",)),
    DemoPerson("dataowner", "Jonas Weber", "data owner", approver_groups=("data_owner",)),
    DemoPerson("finance", "Elin Maki", "finance", approver_groups=("finance",)),
    DemoPerson("auditor", "Otto Kern", "auditor (reads all, changes nothing)", site_roles=("auditor",)),
)
