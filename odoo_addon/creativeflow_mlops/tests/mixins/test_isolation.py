import inspect

from odoo.tests import TransactionCase, tagged

from .isolation_scene import Scene

RELATIONAL = ("many2one", "one2many", "many2many")
MODULE_PATH = "odoo.addons.creativeflow_mlops"
# Its account serves every company; its methods ask for that role before anything else.
SERVES_ALL = ("group_bridge",)
GUESSES = {
    "target": "production",
    "strategy": "blue-green",
    "reason": "because",
    "step": 0,
    "payload": {"idempotencyKey": "x"},
    "search": "secret",
    "name": "Fresh",
    "version": "9.9",
}


@tagged("post_install", "-at_install")
class TestIsolation(TransactionCase, Scene):
    """Walks the registry: whatever a caller names of another company or of a hidden team is refused
    and tells nothing.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scene = cls.__new__(cls)
        scene.env = cls.env
        scene.set_up_scene()
        for name in ("foreign", "own", "hidden_team", "hidden", "groups", "accounts"):
            setattr(cls, name, getattr(scene, name))

    def as_account(self, model, group):
        user = self.accounts[group]
        return (
            self.env[model].with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        )

    def each_secret(self):
        """(model, group, kind, record that the group's account may not see)."""
        for model in self.our_models():
            for group in self.groups:
                for kind in self.kinds_for(group):
                    secret = self.secrets_of(model, kind)
                    if secret:
                        yield model, group, kind, secret

    def each_field(self):
        """(model, field, group, kind, record that the field may not name)."""
        for model in self.our_models():
            for name, field in self.env[model]._fields.items():
                if field.type not in RELATIONAL or name in ("create_uid", "write_uid"):
                    continue
                for group in self.groups:
                    for kind in self.kinds_for(group):
                        secret = self.secrets_of(field.comodel_name, kind)
                        if secret:
                            yield model, field, group, kind, secret

    def test_every_model_is_placed_and_has_a_rule_for_everybody(self):
        placed = self.env.registry["mlops.placed"]
        for model in self.our_models():
            with self.subTest(model):
                self.assertTrue(issubclass(self.env.registry[model], placed))
                rules = self.env["ir.rule"].search(
                    [("model_id.model", "=", model), ("groups", "=", False)]
                )
                words = " ".join(rules.mapped("domain_force"))
                self.assertIn("company_id', 'in', company_ids", words)
                if self.env[model]._transient:
                    self.assertIn("('create_uid', '=', user.id)", words)
                self.assertTrue(
                    self.secrets_of(model, "foreign"),
                    "no record of the other company: plant one in the scene",
                )

    def test_the_scene_is_read_by_whom_it_belongs_to(self):
        mia = self.foreign.people["mia"]
        for model in self.our_models():
            if self.env[model]._transient:
                continue
            with self.subTest(model):
                secret = self.secrets_of(model, "foreign")
                self.assertTrue(
                    secret.with_user(mia)
                    .with_context(allowed_company_ids=mia.company_ids.ids)
                    .read()
                )

    def test_what_is_not_theirs_is_not_read_by_any_way(self):
        for model, group, kind, secret in self.each_secret():
            records = self.as_account(model, group)
            plain = {
                name: {} for name in records._fields if name not in ("message_ids", "activity_ids")
            }
            many2one = [
                name
                for name, field in records._fields.items()
                if field.type == "many2one" and field.store
            ]
            foreign = records.browse(secret.id)
            ways = {
                "read": lambda foreign=foreign: foreign.read(),
                "web_read": lambda foreign=foreign, plain=plain: foreign.web_read(plain),
                "search_read": lambda records=records, secret=secret: records.search_read(
                    [("id", "=", secret.id)]
                ),
                "web_search_read": lambda records=records, plain=plain: records.web_search_read(
                    [], plain
                ),
                "name_search": lambda records=records: records.name_search("secret"),
                "export_data": lambda foreign=foreign: foreign.export_data(["id", "display_name"]),
                "copy": lambda foreign=foreign: foreign.copy().ids,
                "unlink": lambda foreign=foreign: foreign.unlink(),
                "write": lambda foreign=foreign: foreign.write({"write_date": False}),
                "web_save": lambda foreign=foreign, plain=plain: foreign.web_save({}, plain),
                "onchange": lambda foreign=foreign, plain=plain: foreign.onchange({}, [], plain),
            }
            for name in many2one:
                ways[f"read_group {name}"] = lambda records=records, name=name: (
                    records.formatted_read_group([], [name], ["__count"])
                )
            if not records.has_access("read"):  # refused before any record is looked at
                ways = {name: ways[name] for name in ("read", "onchange", "write")}
            for way, call in ways.items():
                with self.subTest(model=model, group=group, kind=kind, way=way):
                    answer, refusal = self.attempt(call)
                    self.assertTellsNothing(group, answer, refusal, way)
                    if way in (
                        "read",
                        "web_read",
                        "export_data",
                        "copy",
                        "unlink",
                        "write",
                        "onchange",
                    ):
                        self.assertTrue(refusal, f"{way} went through")
                    self.assertTrue(secret.exists())

    def test_no_field_takes_what_is_not_theirs(self):
        for model, field, group, kind, secret in self.each_field():
            records = self.as_account(model, group)
            own = records.browse()
            if records.has_access("read"):
                own = records.search([], order="id desc", limit=1)
            base = own.sudo().copy_data()[0] if own and records.has_access("create") else {}
            spec = {
                name: {"fields": {"display_name": {}}} if one.type in RELATIONAL else {}
                for name, one in records._fields.items()
            }
            for value in self.values_for(field, secret.id):
                ways = {
                    "onchange": lambda value=value: records.onchange(
                        {**base, field.name: value}, [field.name], spec
                    )
                }
                default = records.with_context(**{f"default_{field.name}": value})
                ways["default_get"] = lambda default=default: default.default_get([field.name])
                ways["onchange of the default"] = lambda default=default: default.onchange(
                    {}, [], spec
                )
                if records.has_access("create"):
                    ways["create"] = lambda value=value: records.create({**base, field.name: value})
                    ways["default"] = lambda default=default: default.create(
                        {k: v for k, v in base.items() if k != field.name}
                    )
                    ways["web_save of a new one"] = lambda value=value: records.browse().web_save(
                        {**base, field.name: value}, spec
                    )
                    if own:
                        ways["copy"] = lambda value=value: own.copy({field.name: value})
                if records.has_access("write") and own:
                    ways["write"] = lambda value=value: own.write({field.name: value}) and own
                    ways["web_save"] = lambda value=value: own.web_save({field.name: value}, spec)
                for way, call in ways.items():
                    with self.subTest(
                        model=model, field=field.name, group=group, kind=kind, way=way, value=value
                    ):
                        self.refused(call, field, group, secret)

    def values_for(self, field, record_id):
        if field.type == "many2one":
            return [record_id]
        return [[(4, record_id)], [(6, 0, [record_id])], [(1, record_id, {})]]

    def refused(self, call, field, group, secret):
        before = secret.sudo().read(["write_date"])

        def named_afterwards():
            answer = call()
            self.env.flush_all()
            records = answer if hasattr(answer, "_fields") else None
            return (
                records is not None
                and field.name in records._fields
                and secret.id in records.sudo()[field.name].ids,
                answer,
            )

        answer, refusal = self.attempt(named_afterwards)
        self.assertTellsNothing(group, answer, refusal, field.name)
        self.assertFalse(answer and answer[0], "it was taken")
        self.assertEqual(secret.sudo().read(["write_date"]), before)

    def test_no_public_method_takes_what_is_not_theirs(self):
        for model, group, kind, secret in self.each_secret():
            if group in SERVES_ALL:
                continue
            records = self.as_account(model, group)
            for name, method in self.public_methods(model):
                for call in self.calls(records, name, method, kind):
                    with self.subTest(model=model, group=group, kind=kind, method=name):
                        answer, refusal = self.attempt(call)
                        self.assertTellsNothing(group, answer, refusal, name)
                        self.assertTrue(secret.exists())

    def public_methods(self, model):
        """Those that this addon adds to the model and that a client may call."""
        for name in dir(self.env.registry[model]):
            method = getattr(self.env.registry[model], name, None)
            if (
                name.startswith("_")
                or not callable(method)
                or getattr(method, "_api_private", False)
            ):
                continue
            if MODULE_PATH in getattr(inspect.unwrap(method), "__module__", "") and name not in (
                "create",
                "write",
                "onchange",
            ):
                yield name, inspect.unwrap(method)

    def calls(self, records, name, method, kind):
        """Calls that name a secret record in each argument that takes an id, and as the record
        itself.
        """
        parameters = list(inspect.signature(method).parameters.values())[1:]
        values = {
            one.name: GUESSES.get(one.name, one.default if one.default is not one.empty else "x")
            for one in parameters
        }
        named = [
            one.name
            for one in parameters
            if one.name.endswith("_id") or one.name in ("of", "team", "ids", "event_id")
        ]
        for argument in named:
            comodel = {"of": "mlops.model", "team": "mlops.team"}.get(
                argument, f"mlops.{argument.removesuffix('_id')}"
            )
            comodel = {"mlops.version": "mlops.model.version"}.get(comodel, comodel)
            secret = self.secrets_of(comodel, kind) if comodel in self.env else None
            if secret:
                yield lambda argument=argument, secret=secret: getattr(records, name)(
                    **{**values, argument: secret.id}
                )
        secret = self.secrets_of(records._name, kind)
        if not parameters:
            yield lambda: getattr(records.browse(secret.id), name)()
        elif not named:
            yield lambda: getattr(records, name)(**values)
