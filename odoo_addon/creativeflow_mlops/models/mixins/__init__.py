from . import protected_fields
from . import company_scope
from . import protected_scope
