# A room for each noun. The order counts: a model before what extends it, and extensions of the
# same method in the order in which they call each other by super().
from . import mixins
from . import odoo
from . import model
from . import environment
from . import version
from . import deployment
from . import events
from . import requests
