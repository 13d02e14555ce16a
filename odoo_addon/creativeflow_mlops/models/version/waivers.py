from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...domain.actions import ACTIONS, why_not
from ...wording import refused
from ..mixins.protected_fields import keyed
from .waiver import OPEN

DAYS_DEFAULT, DAYS_MAX = 90, 365


class VersionWaivers(models.Model):
    """Findings to review: asked for by one person, accepted by another for these bytes until a
    date.
    """

    _inherit = "mlops.model.version"

    @api.model
    def request_waiver(self, version_id, reason, expires_on=None, seen=None, of=None):
        """Ask that the findings to review of the newest scan be accepted: `{status, lockVersion}`.
        `expires_on`: 90 days ahead by default.
        """
        version = self._waiving(version_id, "request-waiver", seen, of)
        text = (reason or "").strip()
        if not text:
            raise UserError(
                self.env._("Say why the findings may be accepted: the approver reads it.")
            )
        today = fields.Date.context_today(self)
        expires = (
            fields.Date.to_date(expires_on) if expires_on else today + timedelta(days=DAYS_DEFAULT)
        )
        if not today < expires <= today + timedelta(days=DAYS_MAX):
            raise UserError(
                self.env._("A waiver expires after today and within %s days.", DAYS_MAX)
            )
        digests = {one.filename: one.digest for one in version.sudo().artifact_ids}
        keyed(self.env["mlops.waiver"]).create(
            [
                {
                    "version_id": version.id,
                    "finding_id": finding.id,
                    "rule": finding.rule,
                    "file": finding.file,
                    "symbol": finding.symbol,
                    "digest": digests[_uploaded(finding.file)],
                    "requested_by_id": self.env.uid,
                    "submitter_id": version.sudo().submitter_id.id,
                    "reason": text,
                    "expires_on": expires,
                    "state": "requested",
                }
                for finding in version._unwaived()
            ]
        )
        version._waiver_event("requested", text)
        version.sudo()._ask_approvers(self.env._("Waiver requested"))
        return version._answer()

    @api.model
    def accept_waiver(self, version_id, seen=None, comment=None, of=None):
        """Accept what was asked for: `{status, lockVersion}`. The version is Validated when nothing
        speaks against it any more.
        """
        version = self._waiving(version_id, "accept-waiver", seen, of)
        version._decide_waivers("accepted", comment)
        if not version._unwaived():
            version._move("waiver_accepted")
        return version._answer()

    @api.model
    def refuse_waiver(self, version_id, reason, seen=None, of=None):
        """Refuse what was asked for: `{status, lockVersion}`."""
        version = self._waiving(version_id, "refuse-waiver", seen, of)
        if not (reason or "").strip():
            raise UserError(self.env._("Say why you refuse: the requester reads it."))
        version._decide_waivers("refused", reason.strip())
        return version._answer()

    @api.model
    def _waiving(self, version_id, name, seen, of):
        version = self._of_model(version_id, of)._locked(seen)
        facts = version._action_facts()
        why = why_not(facts, name)
        if why:
            raise refused(self.env, why)
        if not ACTIONS[name].offered(facts):
            raise UserError(
                self.env._(
                    "There is nothing to waive: only findings to review of a version that "
                    "failed validation can be, and none that blocks.",
                )
            )
        return version

    def _waiver_standing(self):
        """None, "open", "own" or "asked": see domain/actions.py."""
        scan = self._newest_scan()
        if scan.verdict != "review" or not self._unwaived():
            return None
        asked = self.sudo().waiver_ids.filtered(lambda one: one.state == "requested")
        if not asked:
            return "open"
        return "own" if self.env.uid in asked.requested_by_id.ids else "asked"

    def _unwaived(self):
        """Findings to review of the newest scan that nobody has accepted for these bytes."""
        scan = self._newest_scan()
        waivers = self._waivers_of(scan)
        return scan.finding_ids.filtered(
            lambda one: one.verdict == "review" and waivers[one].state != "accepted"
        )

    def _waivers_of(self, scan):
        """finding to review → the waiver that counts for it: the same rule, place and symbol in a
        file of the same bytes; empty when none.
        """
        version = self.sudo()
        digests = {one.filename: one.digest for one in version.artifact_ids}
        domain = [
            ("version_id.model_id", "=", version.model_id.id),
            ("digest", "in", list(digests.values())),
        ]
        waivers = self.env["mlops.waiver"].sudo().search(domain)
        waivers = waivers.sorted(
            lambda one: (one.state not in OPEN, one.state == "requested", -one.id)
        )

        def about(finding):
            same = (
                finding.rule,
                finding.file,
                finding.symbol,
                digests.get(_uploaded(finding.file)),
            )
            return waivers.filtered(
                lambda one: (one.rule, one.file, one.symbol, one.digest) == same
            )[:1]

        return {
            finding: about(finding) for finding in scan.finding_ids if finding.verdict == "review"
        }

    def _decide_waivers(self, state, comment):
        asked = self.sudo().waiver_ids.filtered(lambda one: one.state == "requested")
        keyed(asked).write(
            {
                "state": state,
                "accepted_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
                "comment": comment or False,
            }
        )
        self._close_own_activity(comment)
        self.sudo()._renew_activities()
        self._waiver_event(state, comment)

    def _waiver_event(self, state, comment):
        version = self.sudo()
        keyed(version).write({"lock_version": version.lock_version + 1})
        self.env["mlops.event"]._emit(
            "version.waiver",
            {
                "state": state,
                "by": self.env.user.sudo().name,
                "comment": comment or None,
                "lockVersion": version.lock_version,
            },
            **self._about(),
        )
        self._tell_screens()


def _uploaded(path):
    """The uploaded file of a place inside of it: `model.zip!data.pkl` → `model.zip`."""
    return (path or "").split("!")[0]
