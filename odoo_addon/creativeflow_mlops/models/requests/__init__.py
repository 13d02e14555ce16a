from . import version_catalogue
from . import request
from . import resolve_names
