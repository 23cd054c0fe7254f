"""The whole job in one call: from raw annotations to a report with before and after."""

from labelqa.audit._result import Audit, load_audit
from labelqa.audit._run import run_audit

__all__ = ["Audit", "load_audit", "run_audit"]
