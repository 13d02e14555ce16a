"""What follows from the table of actions for a form: a field and a method for each row."""

from odoo import fields


def button_fields(actions, compute):
    """A field each: the button is shown while its action may be taken."""
    return {one.field: fields.Boolean(compute=compute) for one in actions}


def button_methods(actions, dialog, seen):
    """A method each: it opens the dialog, or takes the action where it has none.

    `seen(record, action)`: keyword arguments that tell the action what the person saw.
    """
    return {one.button: _press(one, dialog, seen) for one in actions}


def _press(action, dialog, seen):
    def press(self):
        if action.effect:
            return self.env[dialog]._open(self, action.name)
        getattr(self, action.method)(self.id, **seen(self, action))
        return None

    press.__name__ = action.button
    return press
