def migrate(cr, version):
    """The same request stands open once: of those that were asked twice the first one stays."""
    cr.execute("""
        UPDATE mlops_request AS later SET state = 'refused', result = 'Asked for twice.'
         WHERE later.state = 'accepted' AND EXISTS (
            SELECT FROM mlops_request AS first
             WHERE first.state = 'accepted' AND first.id < later.id AND first.requested_by_id = later.requested_by_id
               AND first.version_id = later.version_id AND first.action = later.action
               AND coalesce(first.strategy, '') = coalesce(later.strategy, ''))
    """)
