# Odoo runs the modules that this package has as `test_…`.
from .database import (
    test_constraints,
    test_state_guard,
)
from .deployment import (
    test_endpoint_origin,
    test_integrity,
    test_progress,
    test_queue,
    test_rollout,
    test_rollout_screens,
    test_superseding,
)
from .environment import (
    test_policy,
    test_rollout_policy,
)
from .events import (
    test_outbox,
    test_rights_feed,
)
from .mixins import (
    test_guards,
    test_isolation,
    test_visibility,
)
from .model import (
    test_lists,
    test_registration,
    test_roles,
    test_serving_rules,
)
from .odoo import (
    test_rpc,
    test_server_actions,
    test_tour,
    test_translations,
)
from .requests import (
    test_requests,
)
from .version import (
    test_actions,
    test_deadlines,
    test_facts,
    test_inventory,
    test_plan,
    test_road,
    test_screens,
    test_transitions,
    test_waivers,
)
