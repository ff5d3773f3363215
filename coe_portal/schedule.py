"""What beat sends, and how often. Every task is a wake-up call: losing one loses nothing."""

from datetime import timedelta
from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "drain the outbox": {"task": "core.drain_outbox", "schedule": timedelta(seconds=5)},
    "heartbeat": {"task": "core.heartbeat", "schedule": timedelta(seconds=30)},
    "submit runs": {"task": "deployments.submit_runs", "schedule": timedelta(seconds=5), "options": {"expires": 10}},
    "observe runs": {"task": "deployments.observe_runs", "schedule": timedelta(seconds=2), "options": {"expires": 5}},
    "stop runs": {"task": "deployments.stop_runs", "schedule": timedelta(seconds=5), "options": {"expires": 10}},
    "fetch outputs": {"task": "deployments.fetch_outputs", "schedule": timedelta(seconds=2), "options": {"expires": 5}},
    "check environments": {
        "task": "deployments.check_environments",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 30},
    },
    "compare with AWS": {"task": "deployments.sweep", "schedule": timedelta(hours=1)},
    "attend approvals": {
        "task": "governance.attend_approvals",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "staff approvals": {"task": "governance.staff_approvals", "schedule": timedelta(minutes=15)},
    "attend data access": {
        "task": "governance.attend_data_access",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "look at copies": {
        "task": "deployments.look_at_copies",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 30},
    },
    "attend checklists": {
        "task": "projects.attend_checklists",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "attend POC clocks": {
        "task": "governance.attend_poc_clocks",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "sweep files": {"task": "projects.sweep_files", "schedule": timedelta(hours=6)},
    "send mail": {"task": "governance.send_mail", "schedule": timedelta(minutes=1), "options": {"expires": 60}},
    "remind of days": {"task": "governance.remind_of_days", "schedule": timedelta(minutes=15)},
    "return deferred intakes": {"task": "governance.return_deferred", "schedule": timedelta(minutes=15)},
    "seal the audit trail": {"task": "core.seal_audit", "schedule": timedelta(seconds=10), "options": {"expires": 10}},
    "seal what came late": {"task": "core.seal_stragglers", "schedule": timedelta(hours=1)},
    "check the audit trail": {"task": "core.begin_audit_check", "schedule": timedelta(hours=24)},
    "go on checking": {"task": "core.verify_audit", "schedule": timedelta(minutes=5), "options": {"expires": 60}},
    "tidy up": {"task": "core.tidy", "schedule": timedelta(hours=6)},
}
